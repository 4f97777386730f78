import type { ModelConfig } from '../families/family.js';

/** What a batch that is decoded together is made of, filled up as it is computed, in tokens. */
export interface DecodingLoad {
  /** Prefixes, each read once, and the longest one's length. */
  prefixes: number;
  prefix: number;
  rows: number;
  /** Groups are filled up to the largest: as many times as many places as there are prefixes. */
  slots: number;
  /** Of the longest rest of a prompt after its prefix. */
  suffix: number;
  /** Of the longest answer. */
  answer: number;
}

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

/** Bytes: keys and values, which loops copy; the tables of attention while prompts are read; the logits of a step. */
export function memoryOf(config: ModelConfig, load: DecodingLoad): number {
  const { layers, hidden, intermediate, heads, keyValueHeads, headSize, vocabulary } = config;
  const { prefixes, prefix, slots, suffix, answer } = load;
  const cached = 2 * layers * keyValueHeads * headSize * (prefixes * prefix + 3 * slots * (suffix + answer));
  const working = (6 * hidden + 3 * intermediate) * (prefixes * prefix + slots * (suffix + 1));
  const tables = heads * (prefixes * prefix ** 2 + 3 * slots * (suffix + 1) * (prefix + suffix + answer));
  return FLOAT * (cached + working + tables + 4 * slots * vocabulary);
}

/** Tokens that a layer could read while it computes a step of a batch, beside those of its rows: measured with small models on two cores. */
const TOKENS_A_STEP = 28;
/** How much longer a product of attention takes than one of as many numbers with weights: its softmax, and what is copied. */
const ATTENTION = 1.35;

/** How long a batch takes, in tokens read by a layer: products with weights, attention by pairs of tokens, and what each step costs however few its rows. */
export function workOf(config: ModelConfig, load: DecodingLoad): number {
  const { hidden, intermediate, heads, keyValueHeads, headSize } = config;
  const { prefixes, prefix, rows, slots, suffix, answer } = load;
  const weights = hidden * ((2 * heads + 2 * keyValueHeads) * headSize + 3 * intermediate);
  const tokens = prefixes * prefix + rows * (suffix + answer);
  const pairs =
    (prefixes * prefix ** 2) / 2 +
    slots * (suffix + answer) * prefix +
    rows * (suffix ** 2 + answer * (suffix + answer / 2));
  return tokens + (ATTENTION * 2 * heads * headSize * pairs) / weights + TOKENS_A_STEP * answer;
}
