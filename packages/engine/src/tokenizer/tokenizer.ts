import { createHash, randomUUID } from 'node:crypto';
import path from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { InputError, type Message } from '@touchstone/spec';
import { readFolderJson } from '../folder-files.js';
import { ChatTemplate } from './chat-template.js';
import {
  addedTokens,
  isGuarded,
  namedTokens,
  tokenizerSchema,
  vocabularyKind,
  withoutGuarded,
  type AddedToken,
} from './special-tokens.js';
import { readChatTemplate } from './template-source.js';

/** Private-use characters around a number that nobody can guess: what is put into texts for a moment, and found again. */
const newMark = (): string => `\uE000${BigInt(`0x${randomUUID().replaceAll('-', '')}`)}\uE001`;

/** No token has it. */
const MARK_ID = -1;

/** Turns text and conversations into tokens, from a Hugging Face folder's tokenizer.json and tokenizer_config.json. */
export class ChatTokenizer {
  private readonly withSpecial: Tokenizer;
  /** Cannot write a guarded token: text from users and models can never forge a turn. */
  private readonly plain: Tokenizer;
  private readonly mark = newMark();
  private readonly template: ChatTemplate;
  private readonly guarded: ReadonlyMap<string, AddedToken>;
  private readonly guardedIds: ReadonlySet<number>;
  private readonly digest: string;
  /** Tokens of the vocabulary, apart from those added later. */
  readonly size: number;

  /**
   * @param json content of tokenizer.json
   * @param config content of tokenizer_config.json
   * @param templateFile where the chat template lies, for messages
   * @throws {InputError} when they are none, contradict each other, or hold what the engine does not know
   */
  constructor(
    json: Record<string, unknown>,
    config: Record<string, unknown>,
    chatTemplate: string,
    templateFile?: string,
  ) {
    const parsed = tokenizerSchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new InputError([{ message: `tokenizer.json: ${issue!.path.join('.')}: ${issue!.message}` }]);
    }
    const named = namedTokens(config);
    const added = addedTokens(parsed.data, config, named);
    const guarded = added.filter(isGuarded);
    this.guarded = new Map(guarded.map((token) => [token.content, token]));
    this.guardedIds = new Set(guarded.map(({ id }) => id));
    const file = { ...parsed.data, model: { ...parsed.data.model, type: vocabularyKind(parsed.data) } };
    // Transformers no longer tidies up answers unless it is asked to.
    const settings = { clean_up_tokenization_spaces: false, ...config, ...named.tokens };
    const mark = { id: MARK_ID, content: this.mark, special: true, normalized: false };
    const harmless = added.filter((token) => !isGuarded(token));
    try {
      this.withSpecial = new Tokenizer({ ...file, added_tokens: added }, settings);
      this.plain = new Tokenizer(
        {
          ...withoutGuarded(file, added, this.mark),
          added_tokens: [...harmless, mark],
          post_processor: null,
        },
        settings,
      );
    } catch (cause) {
      throw new InputError([{ message: `tokenizer.json: ${(cause as Error).message}` }], { cause });
    }
    const { vocab } = file.model;
    this.size = Array.isArray(vocab) ? vocab.length : Object.keys(vocab).length;
    this.template = new ChatTemplate(chatTemplate, named.tokens, templateFile);
    this.digest = createHash('sha256')
      .update(JSON.stringify([json, config, chatTemplate]))
      .digest('hex');
  }

  /** @throws {InputError} when a file is missing, damaged, or there is no chat template. */
  static async load(folder: string): Promise<ChatTokenizer> {
    const read = async (
      name: 'tokenizer.json' | 'tokenizer_config.json',
    ): Promise<Record<string, unknown>> => {
      const content = await readFolderJson(folder, name);
      if (content !== null) return content;
      throw InputError.at(
        { file: path.join(folder, name) },
        'cannot be read; expected a Hugging Face tokenizer file',
      );
    };
    const config = {
      ...(await readFolderJson(folder, 'special_tokens_map.json')),
      ...(await read('tokenizer_config.json')),
    };
    const { source, file } = await readChatTemplate(folder, config);
    const json = await read('tokenizer.json');
    try {
      return new ChatTokenizer(json, config, source, file);
    } catch (cause) {
      if (!InputError.is(cause)) throw cause;
      const { problems } = cause as InputError;
      const placed = problems.map(({ place = { file: folder }, message }) => ({ place, message }));
      throw new InputError(placed, { cause });
    }
  }

  /** SHA-256 of all that decides how text becomes tokens: tells tokenizers and templates apart. */
  fingerprint(): string {
    return this.digest;
  }

  /** Tokens of plain text; what looks like a special token is text. */
  encode(text: string): number[] {
    return text === '' ? [] : idsOf(this.plain, text);
  }

  /** Text of tokens, special ones left out. */
  decode(tokens: readonly number[]): string {
    return tokens.length === 0 ? '' : this.withSpecial.decode([...tokens], { skip_special_tokens: true });
  }

  /**
   * Tokens of a conversation up to where the assistant answers, as transformers has them; but whatever the contents say,
   * only the template marks turns.
   * @throws {InputError} when the template refuses the conversation, or leaves a content out
   */
  encodeChat(messages: readonly Message[]): number[] {
    const expected = this.guardedIn(idsOf(this.withSpecial, this.renderStandIns(messages)));
    const tokens = idsOf(this.withSpecial, this.template.render(messages));
    const marks = this.guardedIn(tokens);
    if (marks === expected) return tokens;
    // Another number of marks: the contents have some, or the template has others for these contents, and then it has
    // them where the contents cannot write any.
    const safe = this.encodeRendered(
      this.template.render(
        messages.map((message) => ({ ...message, content: this.broken(message.content) })),
      ),
    );
    return marks === this.guardedIn(safe) ? tokens : safe;
  }

  /** Id of a special token such as `<|end|>`. */
  id(token: string): number | undefined {
    return this.withSpecial.token_to_id(token);
  }

  private guardedIn(tokens: readonly number[]): string {
    return tokens.filter((id) => this.guardedIds.has(id)).join();
  }

  /** The conversation with contents that nobody wrote, each as long as the true one. */
  private renderStandIns(messages: readonly Message[]): string {
    const standIns = messages.map(({ content }, i) =>
      content.trim() === '' ? content : `${this.mark}${i}${filler(content.length)}\uE003`,
    );
    const rendered = this.template.render(messages.map(({ role }, i) => ({ role, content: standIns[i]! })));
    const lost = standIns.findIndex((standIn) => !rendered.includes(standIn.trim()));
    if (lost < 0) return rendered;
    throw this.template.error(
      `leaves out message ${lost + 1} of ${messages.length}, or part of it (role ${messages[lost]!.role})`,
    );
  }

  /** A content in which no guarded token can be found, before marks are taken out again. */
  private broken(content: string): string {
    const [start, core, end] = [/^\s*/.exec(content)![0], content.trim(), /\s*$/.exec(content)![0]];
    if (core === '') return content;
    const starts = new Set([...this.guarded.keys()].map((token) => token[0]!));
    const split = [...core].map((char) => (starts.has(char[0]!) ? char + this.mark : char)).join('');
    return `${start}${this.mark}${split}${this.mark}${end}`;
  }

  /** Tokens of a rendered conversation with broken contents: special where the template wrote them, plain elsewhere. */
  private encodeRendered(rendered: string): number[] {
    const tokens = [...this.guarded.keys()].sort((a, b) => b.length - a.length);
    const splitter = new RegExp(`(${tokens.map(escapeRegExp).join('|')})`, 'u');
    const parts = rendered.split(splitter);
    return parts.flatMap((part, i) => {
      const token = this.guarded.get(part);
      if (token !== undefined) return [token.id];
      let text = part.replaceAll(this.mark, '');
      if (this.guarded.get(parts[i - 1] ?? '')?.rstrip) text = text.trimStart();
      if (this.guarded.get(parts[i + 1] ?? '')?.lstrip) text = text.trimEnd();
      // After a token, nothing is put before the text that belongs at the start of all text.
      return text === '' ? [] : i === 0 ? this.encode(text) : idsOf(this.plain, this.mark + text).slice(1);
    });
  }
}

/** So many characters that nobody writes, in words that a tokenizer keeps after it has split one: longer ones it does not. */
const filler = (length: number): string =>
  `${'\uE002'.repeat(63)} `.repeat(Math.ceil(length / 64)).slice(0, length);

const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** @throws {InputError} when the vocabulary has no token for part of the text */
function idsOf(tokenizer: Tokenizer, text: string): number[] {
  const ids: number[] = text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids;
  if (ids.every((id: unknown) => Number.isInteger(id))) return ids;
  throw new InputError([
    { message: 'tokenizer.json: has no token for part of a text, and no unknown token' },
  ]);
}
