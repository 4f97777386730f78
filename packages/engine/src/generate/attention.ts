import type { Attend, Decoder } from '../families/family.js';
import { RUNTIME_DOMAIN, type Value } from '../graph/graph.js';
import { softmaxAndLog } from '../graph/softmax.js';
import { UNKNOWN, type Dim, type Operators } from './operators.js';

/** Keys and values of one layer, each [rows, keyValueHeads, tokens, headSize]. */
export interface LayerCache {
  key: Value;
  value: Value;
}

/** What prompts begin with: read once, and never copied for the rows that share it. */
export interface Prefixes {
  /** Each layer's, with P rows of L tokens. */
  caches: LayerCache[];
  /** Added to the scores, [P, 1, 1, L]. */
  mask: Value;
  /** int64 [1] each: P, and the most rows of one prefix. */
  count: Value;
  size: Value;
}

/** What n rows attend to, and where they are. */
export interface RowContext {
  prefixes: Prefixes;
  /**
   * int32 [n]: `prefix · size + place within the group`, the place of a row in the one product of all rows with their
   * prefixes. The rows of a prefix are one matrix there.
   */
  slots: Value;
  /** int64 [n, tokens]. */
  positions: Value;
  /** What rows keep to themselves after their prefixes, and its mask; null where nothing. */
  kept: { caches: LayerCache[]; mask: Value } | null;
  /** What comes after that, to which the new tokens are added; null where nothing. */
  carried: LayerCache[] | null;
  /** Added to the scores of those, broadcast to [n, keyValueHeads, queries, tokens]; null where all is seen. */
  mask: Value | null;
}

/**
 * Attention of new tokens to their rows' prefixes, to what the rows keep, and to themselves.
 * @param caches filled layer by layer: `carried` and the new tokens
 */
export function attendTogether(
  of: Operators,
  { attention: { heads, keyValueHeads, headSize, cos, sin } }: Decoder,
  { prefixes, slots, positions, kept, carried, mask }: RowContext,
  caches: LayerCache[],
): Attend {
  const { g, outer } = of;
  const shared = heads / keyValueHeads;
  const scale = headSize ** -0.5;
  const count = g.node('Mul', [prefixes.count, prefixes.size], [1]);
  // Slots without a row compute with the first one's numbers, which nobody reads.
  const places = of.range(outer.int64Scalar(0), of.scalar(of.dim(slots, 0)));
  const none = g.node('Expand', [outer.int64([0]), count], [UNKNOWN]);
  const rowOf = g.node('ScatterElements', [none, slots, places], [UNKNOWN], { axis: 0 });
  const tokens = of.dim(positions, 1);
  const queries = g.node('Mul', [tokens, outer.int64([shared])], [1]);

  /** [n, keyValueHeads, queries, w] → [P, keyValueHeads, groupSize · queries, w]. */
  const toGroups = (x: Value, w: Dim): Value => {
    const apart = of.reshape(of.gather(x, rowOf), [prefixes.count, prefixes.size, keyValueHeads, queries, w]);
    return of.reshape(of.transpose(apart, [0, 2, 1, 3, 4]), [prefixes.count, keyValueHeads, -1, w]);
  };
  const toRows = (x: Value, w: Dim): Value => {
    const apart = of.reshape(x, [prefixes.count, keyValueHeads, prefixes.size, queries, w]);
    const bySlot = of.reshape(of.transpose(apart, [0, 2, 1, 3, 4]), [count, keyValueHeads, queries, w]);
    return of.gather(bySlot, slots);
  };
  const rotate = (x: Value, tables: readonly Value[]): Value =>
    g.node('RotaryEmbedding', [x, positions, ...tables], x.shape, {}, RUNTIME_DOMAIN);
  // ONNX Runtime's fast product of one row takes no factor: queries are scaled as they are rotated.
  const scaled = [cos, sin].map((table) => outer.node('Mul', [table, outer.scalar(scale)], table.shape));
  const byHead = (x: Value, n: number): Value =>
    of.transpose(of.reshape(x, [0, 0, n, headSize]), [0, 2, 1, 3]);

  return (layer, { query, key, value }) => {
    const prefix = prefixes.caches[layer]!;
    const q = of.reshape(byHead(rotate(query, scaled), heads), [0, keyValueHeads, -1, headSize]);
    const [newKey, newValue] = [byHead(rotate(key, [cos, sin]), keyValueHeads), byHead(value, keyValueHeads)];
    const cache = {
      key: carried ? of.concat([carried[layer]!.key, newKey], 2) : newKey,
      value: carried ? of.concat([carried[layer]!.value, newValue], 2) : newValue,
    };
    caches[layer] = cache;
    const scoresOf = (keys: Value, seen: Value | null): Value => {
      const scores = of.matmulTransposed(q, keys);
      return seen ? of.binary('Add', scores, seen) : scores;
    };
    const before = kept && { ...kept.caches[layer]!, scores: scoresOf(kept.caches[layer]!.key, kept.mask) };
    const now = { ...cache, scores: scoresOf(cache.key, mask) };
    const parts = before ? [before, now] : [now];
    const toOwn = softmaxAndLog(g, before ? of.concat([before.scores, now.scores], 3) : now.scores, outer);
    const weights = of.split(
      toOwn.weights,
      parts.map((part) => of.dim(part.scores, 3)),
    );
    const fromOwn = parts
      .map((part, i) => of.matmul(weights[i]!, part.value))
      .reduce((sum, part) => of.binary('Add', sum, part));
    const toPrefix = softmaxAndLog(
      g,
      of.binary('Add', of.matmulTransposed(toGroups(q, headSize), prefix.key), prefixes.mask),
      outer,
    );
    const fromPrefix = toRows(of.matmul(toPrefix.weights, prefix.value), headSize);
    // One softmax over both: each part counts by its share of the sum.
    const share = g.node('Sigmoid', [of.binary('Sub', toRows(toPrefix.logSum, 1), toOwn.logSum)], q.shape);
    const attended = of.binary(
      'Add',
      fromOwn,
      of.binary('Mul', of.binary('Sub', fromPrefix, fromOwn), share),
    );
    const apart = of.transpose(of.reshape(attended, [0, heads, -1, headSize]), [0, 2, 1, 3]);
    return { ...of.reshape(apart, [0, 0, heads * headSize]), shape: [UNKNOWN, UNKNOWN, heads * headSize] };
  };
}
