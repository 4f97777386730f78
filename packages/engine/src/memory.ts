import type { ModelConfig } from './families/family.js';
import { memoryOf, type DecodingLoad } from './generate/load.js';
import { SLICE } from './graph/log-probability.js';
import type { CausalLM } from './model.js';
import {
  GROUP_TOKENS,
  isDense,
  joined,
  loadOfPrompt,
  TOKENS,
  withAnswer,
  type Load,
} from './optimize/load.js';
import { engineSettings } from './settings.js';

/*
 * Estimates of memory, from a model's sizes and what it computes on. They count what is in memory at once in the graphs as
 * they are written, and are held against the peaks of real runs by `bench/engine-memory.mjs`: what they say is enough, and at
 * most half as much again as what was taken.
 */

const FLOAT = Float32Array.BYTES_PER_ELEMENT;
const MEBIBYTE = 2 ** 20;
/** Node, ONNX Runtime, and the slices that AdamW works on. */
const PROCESS = 300 * MEBIBYTE;

/** What is trained on, in tokens. */
export interface TrainingLoad {
  /** Of the longest prompt. */
  prompt: number;
  /** Of the longest answer. */
  answer: number;
  /** Answers to each prompt. Default: 1. */
  group?: number;
}

/** In bytes, all that training holds at its peak, weights included: estimates that err on the safe side. */
export interface TrainingMemory {
  /** With micro-batches of one answer to one prompt, and layers computed again for the gradient: less than that cannot be. */
  least: number;
  /** With micro-batches as large as is fast. */
  usual: number;
}

/** What training `model` with AdamW and a reference policy needs. */
export function trainingMemory(model: CausalLM, { prompt, answer, group = 1 }: TrainingLoad): TrainingMemory {
  const one = withAnswer(loadOfPrompt(prompt), answer - 1);
  const together = grown(one, (load) => withAnswer(load, answer - 1), GROUP_TOKENS, group - 1);
  const usual = grown(together, (load) => joined(load, together), TOKENS);
  const fixed = PROCESS + heldInTraining(model);
  return {
    least: fixed + activations(model.config, one, true),
    usual: fixed + activations(model.config, usual, false),
  };
}

/** As a micro-batch grows: up to so many tokens, and as long as little is filled up. */
function grown(load: Load, more: (load: Load) => Load, tokens: number, times = Infinity): Load {
  let largest = load;
  for (let i = 0; i < times; i++) {
    const next = more(largest);
    if (next.tokens > tokens || !isDense(next)) break;
    largest = next;
  }
  return largest;
}

/** What training may take of the engine's memory, weights included; the rest is for decoding: sessions keep theirs. */
export const TRAINING_SHARE = 3 / 4;

/**
 * Whether a micro-batch can be computed within the engine's memory.
 * @param recompute of each layer, only what it starts from is kept for the gradient
 */
export function fitsIn(model: CausalLM, recompute: boolean): (load: Load) => boolean {
  const room = TRAINING_SHARE * engineSettings().memory - PROCESS - heldInTraining(model);
  return (load) => activations(model.config, load, recompute) <= room;
}

/** Whether a batch can be decoded within the engine's memory while as many others are as there are tracks. */
export function batchFitsIn(model: CausalLM, tracks: number): (load: DecodingLoad) => boolean {
  const room = ((1 - TRAINING_SHARE) * engineSettings().memory) / tracks - FLOAT * model.size;
  return (load) => memoryOf(model.config, load) <= room;
}

/**
 * The policy, the reference policy and two moments; the runs' own copies, those of the gradient on its way from the graph to
 * the sum, and what the gradient of the embedding and of the head is added up from.
 */
function heldInTraining({ size, config: { vocabulary, hidden } }: CausalLM): number {
  return FLOAT * ((4 + 4) * size + 5 * vocabulary * hidden);
}

/** Of log-probabilities and of the gradient: each session keeps what its largest run took. */
function activations(config: ModelConfig, load: Load, recompute: boolean): number {
  const { layers, hidden, intermediate, heads, keyValueHeads, headSize, vocabulary } = config;
  const { prompts, prompt, answers, answer, readers, tokens, scored } = load;
  const layer = 4 * hidden + (3 * heads + 4 * keyValueHeads) * headSize + 3 * intermediate;
  const kept = recompute ? layers * hidden + layer : layers * layer;
  const working = 6 * hidden + 3 * intermediate;
  const cells = prompts * prompt * (prompt + readers) + answers * answer ** 2;
  // Of a layer's attention, or of a slice of the vocabulary: never both at once.
  const tables = Math.max(4 * heads * cells, 3 * scored * Math.min(SLICE, vocabulary));
  return FLOAT * (tokens * (kept + 2 * working) + 2 * tables);
}
