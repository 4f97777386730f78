import bytes from 'bytes';
import {
  engineSettings,
  TRAINING_SHARE,
  trainingMemory,
  type CausalLM,
  type TrainingLoad,
} from '@touchstone/engine';
import { InputError } from '@touchstone/spec';

/** What is trained on, and which task it comes from. */
export interface NamedLoad extends TrainingLoad {
  task: string;
}

/**
 * Before anything is computed: a process that takes more than there is would be killed.
 * @param loads prompts with their answers; the one that takes most decides
 * @throws {InputError} the engine's memory is not enough for one of them: what is needed, what there is, and what would fit.
 */
export function assertEnoughMemory(model: CausalLM, loads: readonly NamedLoad[]): void {
  const { memory } = engineSettings();
  const needed = (load: TrainingLoad): number => trainingMemory(model, load).least / TRAINING_SHARE;
  const [largest] = loads.map((load) => ({ load, need: needed(load) })).sort((a, b) => b.need - a.need);
  if (!largest || largest.need <= memory) return;
  const { task, prompt, answer } = largest.load;
  let [fits, tooLong] = [0, answer];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (needed({ prompt, answer: middle }) <= memory) fits = middle;
    else tooLong = middle;
  }
  const shorter =
    fits > 0
      ? `answers of at most ${fits} tokens to this prompt (policy.max_tokens), `
      : 'no answer to this prompt, however short; ';
  throw new InputError([
    {
      message:
        `engine.memory: training this model of ${model.size.toLocaleString('en')} weights on task ${task}, ` +
        `a prompt of ${prompt} tokens with an answer of up to ${answer}, needs about ${bytes.format(largest.need)}, ` +
        `and ${bytes.format(memory)} are allowed. What would fit: ${shorter}a smaller model, ` +
        `or engine.memory: ${Math.ceil(largest.need / 2 ** 20)}MB where the machine has that`,
    },
  ]);
}
