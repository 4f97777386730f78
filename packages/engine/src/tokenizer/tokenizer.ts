import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { InputError, type Message } from '@touchstone/spec';

/** Turns text and conversations into tokens, from a Hugging Face folder's tokenizer.json and tokenizer_config.json. */
export class ChatTokenizer {
  private readonly withSpecial: Tokenizer;
  /** Knows no special tokens: text from users and models can never forge a turn. */
  private readonly plain: Tokenizer;
  private readonly template: Template;

  constructor(
    json: Record<string, unknown>,
    private readonly config: Record<string, unknown>,
    chatTemplate: string,
  ) {
    this.withSpecial = new Tokenizer(json, config);
    this.plain = new Tokenizer({ ...json, added_tokens: [], post_processor: null }, config);
    this.template = new Template(chatTemplate);
  }

  /** @throws {InputError} when a file is missing or there is no chat template. */
  static async load(folder: string): Promise<ChatTokenizer> {
    const read = async (name: string): Promise<Record<string, unknown>> => {
      const file = path.join(folder, name);
      try {
        return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
      } catch (cause) {
        const problem = cause instanceof SyntaxError ? `is not JSON: ${cause.message}` : 'cannot be read';
        throw InputError.at({ file }, `${problem}; expected a Hugging Face tokenizer file`, { cause });
      }
    };
    const config = await read('tokenizer_config.json');
    const own = await readFile(path.join(folder, 'chat_template.jinja'), 'utf8').catch(() => null);
    const template = own ?? config['chat_template'];
    if (typeof template !== 'string') {
      throw InputError.at(
        { file: path.join(folder, 'tokenizer_config.json') },
        'has no chat_template; expected an instruction-tuned model',
      );
    }
    return new ChatTokenizer(await read('tokenizer.json'), config, template);
  }

  /** Tokens of plain text; what looks like a special token is text. */
  encode(text: string): number[] {
    return text === '' ? [] : this.plain.encode(text, { add_special_tokens: false }).ids;
  }

  /** Text of tokens, special ones left out. */
  decode(tokens: readonly number[]): string {
    return tokens.length === 0 ? '' : this.withSpecial.decode([...tokens], { skip_special_tokens: true });
  }

  /** Tokens of a conversation up to where the assistant answers. Contents are encoded as plain text. */
  encodeChat(messages: readonly Message[]): number[] {
    // The template sees stand-ins; private-use characters occur in no template and are no special token.
    const standIn = (i: number): string => `\uE000${i}\uE001`;
    const rendered = this.template.render({
      ...this.config,
      messages: messages.map(({ role }, i) => ({ role, content: standIn(i) })),
      add_generation_prompt: true,
    });
    return rendered.split(/(\uE000\d+\uE001)/).flatMap((part) => {
      const index = /^\uE000(\d+)\uE001$/.exec(part)?.[1];
      if (index !== undefined) return this.encode(messages[Number(index)]!.content);
      return part === '' ? [] : this.withSpecial.encode(part, { add_special_tokens: false }).ids;
    });
  }

  /** Id of a special token such as `<|end|>`. */
  id(token: string): number | undefined {
    return this.withSpecial.token_to_id(token);
  }
}
