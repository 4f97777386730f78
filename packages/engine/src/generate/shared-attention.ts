import type { Attend, Decoder } from '../families/family.js';
import { RUNTIME_DOMAIN, type Graph, type Value } from '../graph/graph.js';
import { cacheStates, readPrompts, toCaches, toStates, type Attention, type LayerCache } from './attention.js';
import { Operators, UNKNOWN, type Dim } from './operators.js';

/** What rows have in common: their prompts' prefixes, read once each and never copied. */
interface Prefixes {
  /** Each layer's, [P, keyValueHeads, L, headSize]. */
  caches: LayerCache[];
  /** Added to the scores, [P, 1, 1, L]. */
  mask: Value;
  /** int64 [1] each: P, and the most rows of one prefix. */
  count: Value;
  size: Value;
}

/**
 * Rows whose prompts begin alike read what is the same once, and attend to it together as one matrix product; a row keeps
 * for itself what comes after. A row's slot, `prefix · groupSize + place within the group`, says where it is in that product.
 *
 * Inputs: `prefixes` int32 [P, L] padded on the right; `prefix_lengths` int32 [P], at least 1; `group_size` int64 [1];
 * `slots` int32 [B]; and where prompts go on after their prefixes: `suffixes` int32 [B, S] padded on the right,
 * without each prompt's last token; `suffix_lengths` int32 [B].
 */
export function sharedAttention(g: Graph, decoder: Decoder, hasSuffixes: boolean): Attention {
  const { layers, keyValueHeads, headSize } = decoder.attention;
  const root = new Operators(g, g);
  let prefixes: Prefixes;
  let slots: Value;

  return {
    // What is added to the scores of what a row keeps to itself, then keys and values; carried are those of the chunk.
    kept: [{ type: 'float32', dims: ['n', 1, 1, 'S'] }, ...cacheStates(decoder, 'S')],
    carried: cacheStates(decoder, 't'),
    read() {
      const prompts = g.input('prefixes', 'int32', ['P', 'L']);
      const lengths = g.input('prefix_lengths', 'int32', ['P']);
      const size = g.input('group_size', 'int64', [1]);
      slots = g.input('slots', 'int32', ['B']);
      const isToken = isWithin(root, prompts, lengths);
      prefixes = {
        caches: readPrompts(g, decoder, prompts, lengths),
        mask: root.unsqueeze(root.mask(isToken), 1, 2),
        count: root.dim(prompts, 0),
        size,
      };
      const rows = root.dim(slots, 0);
      if (!hasSuffixes) {
        const nothing = root.zeros([rows, keyValueHeads, 0, headSize]);
        return [root.zeros([rows, 1, 1, 0]), ...Array.from({ length: 2 * layers }, () => nothing)];
      }
      const suffixes = g.input('suffixes', 'int32', ['B', 'S']);
      const suffixLengths = g.input('suffix_lengths', 'int32', ['B']);
      const column = root.range(g.int64Scalar(0), root.scalar(root.dim(suffixes, 1)));
      const prefixOf = root.gather(lengths, g.node('Div', [slots, root.cast(size, 'int32')], [UNKNOWN]));
      const own: LayerCache[] = [];
      decoder.forward(
        g,
        suffixes,
        attendTogether(root, decoder, prefixes, slots, {
          kept: null,
          past: null,
          mask: causal(root, decoder, column),
          positions: root.binary('Add', root.unsqueeze(root.cast(prefixOf, 'int64'), 1), root.unsqueeze(column, 0)),
          own,
        }),
      );
      const seen = root.mask(isWithin(root, suffixes, suffixLengths));
      return [root.unsqueeze(seen, 1, 2), ...toStates(own)];
    },
    begin(of, [, first]) {
      const nothing = of.zeros([of.dim(first!, 0), keyValueHeads, 0, headSize]);
      return Array.from({ length: 2 * layers }, () => nothing);
    },
    step(of, { kept: [mask, ...kept], carried, positions, rows }) {
      const own: LayerCache[] = [];
      return {
        attend: attendTogether(of, decoder, prefixes, of.gather(slots, rows), {
          kept: { caches: toCaches(kept), mask: mask! },
          past: toCaches(carried),
          mask: null,
          positions: of.unsqueeze(of.cast(positions, 'int64'), 1),
          own,
        }),
        next: () => toStates(own),
      };
    },
    end(of, [mask, ...kept], carried) {
      const [n, tokens] = [of.dim(carried[0]!, 0), of.dim(carried[0]!, 2)];
      const seen = of.concat([mask!, of.zeros([n, 1, 1, tokens])], 3);
      return [seen, ...kept.map((one, i) => of.concat([one, carried[i]!], 2))];
    },
  };
}

/** [rows, width]: whether a place of `padded` [rows, width] holds a token. @param lengths int32 [rows] */
function isWithin(of: Operators, padded: Value, lengths: Value): Value {
  const places = of.range(of.outer.int64Scalar(0), of.scalar(of.dim(padded, 1)));
  return of.binary('Less', of.unsqueeze(of.cast(places, 'int32'), 0), of.unsqueeze(lengths, 1));
}

/** A token sees itself and those before. @param column 0 … S-1 @returns [heads of a key · S, S] */
function causal(of: Operators, { attention: { heads, keyValueHeads } }: Decoder, column: Value): Value {
  const times = of.outer.int64([heads / keyValueHeads]);
  const own = of.unsqueeze(of.g.node('Tile', [column, times], [UNKNOWN]), 1);
  return of.mask(of.binary('GreaterOrEqual', own, of.unsqueeze(column, 0)));
}

/**
 * @param slots int32 [n]
 * @param row.kept what rows keep to themselves and its mask, null where nothing
 * @param row.past what comes after that, to which the new tokens are added; null where nothing
 * @param row.mask added to the scores of those, broadcast to [n, keyValueHeads, queries, tokens]; null where all is seen
 * @param row.positions int64 [n, tokens]
 * @param row.own filled with the caches that contain the new tokens
 */
function attendTogether(
  of: Operators,
  { attention: { heads, keyValueHeads, headSize, cos, sin } }: Decoder,
  prefixes: Prefixes,
  slots: Value,
  {
    kept,
    past,
    mask,
    positions,
    own,
  }: {
    kept: { caches: LayerCache[]; mask: Value } | null;
    past: LayerCache[] | null;
    mask: Value | null;
    positions: Value;
    own: LayerCache[];
  },
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
  const rotate = (x: Value): Value =>
    g.node('RotaryEmbedding', [x, positions, cos, sin], x.shape, {}, RUNTIME_DOMAIN);
  const byHead = (x: Value, n: number): Value =>
    of.transpose(of.reshape(x, [0, 0, n, headSize]), [0, 2, 1, 3]);

  return (layer, { query, key, value }) => {
    const prefix = prefixes.caches[layer]!;
    const q = of.reshape(byHead(rotate(query), heads), [0, keyValueHeads, -1, headSize]);
    const [newKey, newValue] = [byHead(rotate(key), keyValueHeads), byHead(value, keyValueHeads)];
    const cache = {
      key: past ? of.concat([past[layer]!.key, newKey], 2) : newKey,
      value: past ? of.concat([past[layer]!.value, newValue], 2) : newValue,
    };
    own[layer] = cache;
    const scoresOf = (keys: Value, seen: Value | null): Value => {
      const scores = of.matmulTransposed(q, keys, scale);
      return seen ? of.binary('Add', scores, seen) : scores;
    };
    const before = kept && { ...kept.caches[layer]!, scores: scoresOf(kept.caches[layer]!.key, kept.mask) };
    const now = { ...cache, scores: scoresOf(cache.key, mask) };
    const parts = before ? [before, now] : [now];
    const toOwn = softmax(of, before ? of.concat([before.scores, now.scores], 3) : now.scores);
    const weights = of.split(toOwn.weights, parts.map((part) => of.dim(part.scores, 3)));
    const fromOwn = parts
      .map((part, i) => of.matmul(weights[i]!, part.value))
      .reduce((sum, part) => of.binary('Add', sum, part));
    const toPrefix = softmax(
      of,
      of.binary('Add', of.matmulTransposed(toGroups(q, headSize), prefix.key, scale), prefixes.mask),
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

/** Softmax over the last axis, and the logarithm of the sum that it divides by: the largest score less its log-probability. */
function softmax(of: Operators, scores: Value): { weights: Value; logSum: Value } {
  const largest = (x: Value): Value =>
    of.g.node('ReduceMax', [x, of.outer.int64([3])], [...x.shape.slice(0, -1), 1], { keepdims: 1 });
  const weights = of.g.node('Softmax', [scores], scores.shape, { axis: -1 });
  const logs = of.g.node('Log', [largest(weights)], scores.shape);
  return { weights, logSum: of.binary('Sub', largest(scores), logs) };
}
