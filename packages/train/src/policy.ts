import { openedThought } from '@touchstone/core';
import {
  answerTokens,
  generate,
  loadModelFolder,
  type CausalLM,
  type ChatTokenizer,
  type Generated,
} from '@touchstone/engine';
import { random, type Rollout, type Task } from '@touchstone/spec';
import { isSealed, readSealed } from '@touchstone/store';
import type { SamplingOptions } from './schema.js';

/** A sampled answer with what training needs of it. */
export interface PolicyRollout {
  rollout: Rollout;
  prompt: number[];
  /** Tokens of the answer, with the end token where one was drawn. */
  tokens: number[];
  /** Log-probability of each token when it was sampled. */
  logprobs: Float32Array;
}

/** What is drawn, beside how. */
export interface Draws {
  /** Answers to each task. */
  samples: number;
  seed: number;
  /** Names the weights in rollout ids, for example `rft@32`; with the seed it decides what is drawn. */
  name: string;
}

/** Where an answer belongs: `index` in its group, which is that of the task at `place` of those asked, of the policy `name`. */
interface Place {
  name: string;
  place: number;
  index: number;
}

/** A prompt's last tokens, in which the mark stands that opens a thought. */
const MARK_TOKENS = 16;

/** A model that answers tasks: the one being trained, or one to compare it with. */
export class Policy {
  constructor(
    readonly model: CausalLM,
    readonly tokenizer: ChatTokenizer,
    /** The folder it came from: tokenizer files are copied from there into checkpoints. */
    readonly folder: string,
  ) {}

  /**
   * Loads a Hugging Face folder. One that Touchstone has written must be as it was written.
   * @param digest what it was written with, where that is known
   * @throws {InputError} when the folder is no model that the engine can run.
   * @throws {RunError} when it has a manifest and is not what that says.
   */
  static async load(folder: string, digest?: string): Promise<Policy> {
    if (digest !== undefined || (await isSealed(folder))) await readSealed(folder, digest);
    const { model, tokenizer } = await loadModelFolder(folder);
    return new Policy(model, tokenizer, folder);
  }

  clone(): Policy {
    return this.withModel(this.model.clone());
  }

  /** The same policy with other weights. */
  withModel(model: CausalLM): Policy {
    return new Policy(model, this.tokenizer, this.folder);
  }

  /**
   * Samples `samples` answers to each task, grouped by task in order. Draws depend on seed, name, task and index
   * alone, so that a killed run samples the same answers again.
   * @throws {RangeError} when a prompt and `max_tokens` exceed the model's positions.
   */
  async sample(
    tasks: readonly Task[],
    { temperature, max_tokens: maxTokens }: SamplingOptions,
    { samples, seed, name }: Draws,
  ): Promise<PolicyRollout[]> {
    const prompts = tasks.map(({ messages }) => this.tokenizer.encodeChat(messages));
    const generated = await generate(
      this.model,
      tasks.flatMap((task, place) =>
        Array.from({ length: samples }, (_, index) => ({
          prompt: prompts[place]!,
          maxTokens,
          uniform: random(seed, 'rollout', name, place, task.id, index).next,
        })),
      ),
      { temperature, topK: 0, topP: 1 },
    );
    return this.rolloutsOf(tasks, generated, { samples, name }, prompts);
  }

  /**
   * Answers that have been drawn, as rollouts.
   * @param generated grouped by task in order, as `sample` draws them
   */
  rolloutsOf(
    tasks: readonly Task[],
    generated: readonly Generated[],
    { samples, name }: Omit<Draws, 'seed'>,
    prompts = tasks.map(({ messages }) => this.tokenizer.encodeChat(messages)),
  ): PolicyRollout[] {
    return generated.map((one, i) => {
      const place = Math.floor(i / samples);
      const prompt = prompts[place]!;
      const response = this.opening(prompt) + this.tokenizer.decode(answerTokens(one));
      const at = { name, place, index: i % samples };
      return {
        rollout: this.answered(tasks[place]!, response, one.finish, at),
        prompt,
        tokens: one.tokens,
        logprobs: one.logprobs,
      };
    });
  }

  /**
   * What the template writes of an answer before the model does: the mark of a thought. Without it none could see that a thought
   * never ends.
   * @param prompt tokens
   */
  opening(prompt: readonly number[]): string {
    return openedThought(this.tokenizer.decode(prompt.slice(-MARK_TOKENS)));
  }

  /** An answer under the names that those of this policy have, whoever has drawn it. */
  answered(task: Task, response: string, finish: Rollout['finish'], { name, place, index }: Place): Rollout {
    const group = `${name}/${place}/${task.id}`;
    return { id: `${group}/${index}`, task, response, finish, group, policy: name };
  }
}
