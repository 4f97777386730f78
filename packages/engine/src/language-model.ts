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

/** Prompts that need not wait for more to be answered with them. */
const ENOUGH = 256;

/** Answers requests with a model of the engine; those that arrive together are one batch. */
class Batcher {
  private readonly asked: Asked[] = [];
  private readonly prompted: Prompted[] = [];
  private isReading = false;
  private isAnswering = false;

  constructor(
    private readonly id: string,
    private readonly model: CausalLM,
    private readonly tokenizer: ChatTokenizer,
  ) {}

  answer(request: ModelRequest): Promise<ModelReply> {
    return new Promise((resolve, reject) => {
      this.asked.push({ request, resolve, reject });
      if (!this.isReading) void this.readPrompts();
    });
  }

  /** While the model is at work, too. A turn of the event loop a prompt keeps a large group from holding up the process. */
  private async readPrompts(): Promise<void> {
    this.isReading = true;
    // Lets everyone who is about to ask do so; more do while prompts are read.
    await nextTurn();
    for (let each = this.asked.shift(); each; each = this.asked.shift()) {
      try {
        this.prompted.push({ ...each, tokens: this.promptOf(each.request) });
      } catch (error) {
        each.reject(error);
      }
      if (this.prompted.length >= ENOUGH) void this.answerAll();
      await nextTurn();
    }
    this.isReading = false;
    void this.answerAll();
  }

  private async answerAll(): Promise<void> {
    if (this.isAnswering) return;
    this.isAnswering = true;
    while (this.prompted.length > 0) {
      const prompted = this.prompted.splice(0);
      for (const temperature of new Set(prompted.map(temperatureOf))) {
        const batch = prompted.filter((one) => temperatureOf(one) === temperature);
        await this.answerBatch(batch, temperature);
      }
    }
    this.isAnswering = false;
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
