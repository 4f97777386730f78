import {
  InputError,
  ProviderError,
  random,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
} from '@touchstone/spec';
import { generate } from './generate/generate.js';
import { CausalLM } from './model.js';
import { ChatTokenizer } from './tokenizer/tokenizer.js';

interface Waiting {
  request: ModelRequest;
  tokens: number[];
  resolve(reply: ModelReply): void;
  reject(error: unknown): void;
}

/** Left to the model: its distribution as it is. */
const temperatureOf = ({ request }: Waiting): number => request.temperature ?? 1;

/** A model of the engine behind the same port as an API model. Requests that arrive together are one batch. */
export function asLanguageModel(id: string, model: CausalLM, tokenizer: ChatTokenizer): LanguageModel {
  let waiting: Waiting[] = [];
  let busy = false;

  async function drain(): Promise<void> {
    busy = true;
    // One turn of the event loop lets everyone who is about to ask do so.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const temperature = temperatureOf(waiting[0]!);
      const batch = waiting.filter((one) => temperatureOf(one) === temperature);
      waiting = waiting.filter((one) => temperatureOf(one) !== temperature);
      await answer(batch, temperature);
    }
    busy = false;
  }

  async function answer(batch: Waiting[], temperature: number): Promise<void> {
    try {
      const replies = await generate(
        model,
        batch.map(({ request, tokens }) => ({
          prompt: tokens,
          maxTokens: request.maxOutputTokens,
          uniform: random(request.seed, 'reply', ...tokens).next,
        })),
        { temperature, topK: 0, topP: 1 },
      );
      batch.forEach(({ tokens, resolve }, i) => {
        const { tokens: reply, finish } = replies[i]!;
        resolve({
          text: tokenizer.decode(reply),
          finish,
          inputTokens: tokens.length,
          outputTokens: reply.length,
        });
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    id,
    version: model.fingerprint(),
    structuredOutput: false,
    generate(request) {
      return new Promise((resolve, reject) => {
        const tokens = tokenizer.encodeChat(request.messages);
        const needed = tokens.length + request.maxOutputTokens;
        if (needed > model.config.maxPositions) {
          const info = { reason: 'truncation', isRetryable: false } as const;
          const { maxPositions } = model.config;
          reject(
            new ProviderError(
              `prompt and reply need ${needed} tokens, ${id} has ${maxPositions} positions`,
              info,
            ),
          );
          return;
        }
        waiting.push({ request, tokens, resolve, reject });
        if (!busy) void drain();
      });
    },
  };
}

/**
 * Opens a Hugging Face folder as a language model.
 * @throws {InputError} when the folder is no model that the engine can run.
 */
export async function openLocalModel(folder: string): Promise<LanguageModel> {
  const [model, tokenizer] = await Promise.all([CausalLM.load(folder), ChatTokenizer.load(folder)]);
  if (model.config.eosTokens.length === 0) {
    throw InputError.at({ file: folder }, 'config.json has no eos_token_id; replies would never end');
  }
  return asLanguageModel(`local:${folder}`, model, tokenizer);
}
