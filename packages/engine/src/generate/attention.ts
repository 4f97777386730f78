import type { Attend, Decoder } from '../families/family.js';
import type { Graph, Value } from '../graph/graph.js';
import { RUNTIME_DOMAIN } from '../graph/graph.js';
import type { ElementType } from '../graph/onnx.js';
import { UNKNOWN, type Operators } from './operators.js';

/** What is kept of each row, along the first axis; a graph nested in another declares it as an input. */
export interface RowState {
  type: ElementType;
  dims: (number | string)[];
}

/**
 * A way to attend to what has been read. A chunk of steps is a loop, whose own states are copied at each step: what does not
 * change in it is `kept` around it, and only what does is `carried` through it. Both are lists of states of n rows.
 */
export interface Attention {
  kept: RowState[];
  carried: RowState[];
  /** Reads the prompts, whose inputs it declares. @returns what is kept of them */
  read(): Value[];
  /** At the beginning of a chunk. @returns what its steps carry */
  begin(of: Operators, kept: readonly Value[]): Value[];
  /** One step of all rows; `next`: what they carry after it, once all layers have attended. */
  step(of: Operators, at: Step): { attend: Attend; next: () => Value[] };
  /** At the end of a chunk. @returns what is kept then */
  end(of: Operators, kept: readonly Value[], carried: readonly Value[]): Value[];
}

export interface Step {
  kept: readonly Value[];
  carried: readonly Value[];
  /** int32 [n]: of the token that each row reads. */
  positions: Value;
  /** int32 [n]: which of the rows that were read these are. */
  rows: Value;
}

/** Keys and values of one layer. */
export interface LayerCache {
  key: Value;
  value: Value;
}

/**
 * ONNX Runtime's own attention: rotates, and copies a row's whole cache at each step.
 * @param pasts of each layer; null when nothing has been read
 * @param context.lengths int32 [rows]: tokens of the row, new ones included, less one
 * @param context.width int32 [1]: tokens of the longest row
 * @param caches filled layer by layer, as they are attended to
 */
export function attendToCache(
  g: Graph,
  { attention: { heads, keyValueHeads, headSize, cos, sin } }: Decoder,
  pasts: readonly LayerCache[] | null,
  { lengths, width }: { lengths: Value; width: Value },
  caches: LayerCache[],
): Attend {
  return (layer, { query, key, value }) => {
    const past = pasts?.[layer];
    const cache = [UNKNOWN, keyValueHeads, UNKNOWN, headSize];
    const [output, keys, values] = g.nodesOf(
      'GroupQueryAttention',
      [query, key, value, past?.key ?? null, past?.value ?? null, lengths, width, cos, sin],
      [[UNKNOWN, UNKNOWN, heads * headSize], cache, cache],
      { num_heads: heads, kv_num_heads: keyValueHeads, do_rotary: 1 },
      RUNTIME_DOMAIN,
    ) as [Value, Value, Value];
    caches[layer] = { key: keys, value: values };
    return output;
  };
}

/** Reads right-padded prompts [P, L] of `lengths` int32 [P] tokens. @returns the cache of each layer [P, keyValueHeads, L, headSize] */
export function readPrompts(g: Graph, decoder: Decoder, prompts: Value, lengths: Value): LayerCache[] {
  const caches: LayerCache[] = [];
  const context = {
    lengths: g.node('Sub', [lengths, g.int32([1])], [UNKNOWN]),
    // The prompt's own width, and not its longest row: the first call wants the two to be equal.
    width: g.node('Cast', [g.node('Shape', [prompts], [1], { start: 1, end: 2 })], [1], { to: 6 }),
  };
  decoder.forward(g, prompts, attendToCache(g, decoder, null, context, caches));
  return caches;
}

/** Layers' keys and values as a list of states, and back. @param tokens how many there are of each row */
export const cacheStates = (
  { attention: { layers, keyValueHeads, headSize } }: Decoder,
  tokens: string,
): RowState[] =>
  Array.from({ length: 2 * layers }, () => ({
    type: 'float32',
    dims: ['n', keyValueHeads, tokens, headSize],
  }));
export const toStates = (caches: readonly LayerCache[]): Value[] =>
  caches.flatMap(({ key, value }) => [key, value]);
export const toCaches = (states: readonly Value[]): LayerCache[] =>
  Array.from({ length: states.length / 2 }, (_, layer) => ({
    key: states[2 * layer]!,
    value: states[2 * layer + 1]!,
  }));
