import {
  ProviderError,
  random,
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
} from '@touchstone/spec';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { answerTokens, generate } from './generate/generate.js';
import { fingerprintOf, loadModelFolder } from './model-folder.js';
import type { CausalLM } from './model.js';
import type { ChatTokenizer } from './tokenizer/tokenizer.js';

interface Asked {
  request: ModelRequest;
  resolve(reply: ModelReply): void;
  reject(error: unknown): void;
}
type Prompted = Asked & { tokens: number[] };

/** Left to the model: its distribution as it is. */
const temperatureOf = ({ request }: Asked): number => request.temperature ?? 1;

/** Answers requests with a model of the engine; those that arrive together are one batch. */
class Batcher {
  private asked: Asked[] = [];
  private isBusy = false;

  constructor(
    private readonly id: string,
    private readonly model: CausalLM,
    private readonly tokenizer: ChatTokenizer,
  ) {}

  answer(request: ModelRequest): Promise<ModelReply> {
    return new Promise((resolve, reject) => {
      this.asked.push({ request, resolve, reject });
      if (!this.isBusy) void this.answerAll();
    });
  }

  private async answerAll(): Promise<void> {
    this.isBusy = true;
    while (this.asked.length > 0) {
      const prompted = await this.readPrompts();
      for (const temperature of new Set(prompted.map(temperatureOf))) {
        const batch = prompted.filter((one) => temperatureOf(one) === temperature);
        await this.answerBatch(batch, temperature);
      }
    }
    this.isBusy = false;
  }

  /** Takes all who have asked. A turn of the event loop a prompt keeps a large group from holding up the process. */
  private async readPrompts(): Promise<Prompted[]> {
    // Lets everyone who is about to ask do so.
    await nextTurn();
    const asked = this.asked;
    this.asked = [];
    const prompted: Prompted[] = [];
    for (const each of asked) {
      try {
        prompted.push({ ...each, tokens: this.promptOf(each.request) });
      } catch (error) {
        each.reject(error);
      }
      await nextTurn();
    }
    return prompted;
  }

  /** @throws {ProviderError} when prompt and reply are more than the model has positions for */
  private promptOf(request: ModelRequest): number[] {
    const tokens = this.tokenizer.encodeChat(request.messages);
    const needed = tokens.length + request.maxOutputTokens;
    const { maxPositions } = this.model.config;
    if (needed > maxPositions) {
      throw new ProviderError(
        `prompt and reply need ${needed} tokens, ${this.id} has ${maxPositions} positions`,
        { reason: 'truncation', isRetryable: false },
      );
    }
    return tokens;
  }

  private async answerBatch(batch: readonly Prompted[], temperature: number): Promise<void> {
    try {
      const replies = await generate(
        this.model,
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
          text: this.tokenizer.decode(answerTokens(replies[i]!)),
          finish,
          inputTokens: tokens.length,
          outputTokens: reply.length,
        });
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/**
 * Opens a Hugging Face folder as a language model, behind the same port as an API model.
 * @throws {InputError} when the folder is no model that the engine can run.
 */
export async function openLocalModel(folder: string): Promise<LanguageModel> {
  const { model, tokenizer } = await loadModelFolder(folder);
  const id = `local:${folder}`;
  // A judge that changes is another judge.
  const batcher = new Batcher(id, model.freeze(), tokenizer);
  return {
    id,
    version: fingerprintOf({ model, tokenizer }),
    structuredOutput: false,
    generate: (request) => batcher.answer(request),
  };
}
