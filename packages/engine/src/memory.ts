import type { CausalLM } from './model.js';

/** What is trained on, in tokens. */
export interface TrainingLoad {
  /** Of the longest prompt. */
  prompt: number;
  /** Of the longest answer. */
  answer: number;
}

/** An estimate, in bytes, of all that training holds at its peak, weights included. */
export interface TrainingMemory {
  /** With micro-batches of one answer to one prompt: less than that cannot be. */
  least: number;
  /** With micro-batches as large as is fast. */
  usual: number;
}

/** What training `model` needs, at the most, with AdamW and a reference policy. */
export function trainingMemory(model: CausalLM, { prompt, answer }: TrainingLoad): TrainingMemory {
  const weights = Float32Array.BYTES_PER_ELEMENT * model.size;
  return { least: 10 * weights + prompt + answer, usual: 10 * weights };
}
