import type { Graph, Value } from '../graph/graph.js';
import { Operators, UNKNOWN } from './operators.js';

/** How a token is drawn from the model's distribution. */
export interface Sampling {
  /** 0 is greedy. */
  temperature: number;
  /** Only the k likeliest tokens; 0 is all. */
  topK: number;
  /** Only the likeliest tokens whose probabilities before them sum to less than this; 1 is all. */
  topP: number;
}

/** The largest float32 below 1. */
const BELOW_ONE = 1 - 2 ** -24;
const COLUMN = [UNKNOWN, 1];

/** Inverse-CDF sampling: one uniform a row gives a repeatable draw that no other row of the batch can change. */
export function draw(
  g: Graph,
  outer: Graph,
  logs: Value,
  uniform: Value,
  { temperature, topK, topP }: Sampling,
  vocabulary: number,
): Value {
  const of = new Operators(g, outer);
  if (temperature === 0) return of.cast(firstLargest(g, logs), 'int32');
  const probabilities = g.node('Exp', [logs], logs.shape);
  if (topK === 0 && topP === 1) return of.cast(invert(of, probabilities, uniform, vocabulary), 'int32');
  const k = topK === 0 ? vocabulary : Math.min(topK, vocabulary);
  const [best, indices] = g.nodesOf(
    'TopK',
    [probabilities, outer.int64([k])],
    [
      [UNKNOWN, k],
      [UNKNOWN, k],
    ],
    { axis: -1 },
  ) as [Value, Value];
  const mass = g.node('ReduceSum', [best, outer.int64([-1])], COLUMN, { keepdims: 1 });
  const before = g.node('CumSum', [best, outer.int64([-1])], best.shape, { exclusive: 1 });
  const kept = of.binary('Less', before, of.binary('Mul', mass, outer.scalar(topP)));
  const place = invert(of, g.node('Where', [kept, best, outer.scalar(0)], best.shape), uniform, k);
  return of.cast(g.node('GatherElements', [indices, place], COLUMN, { axis: -1 }), 'int32');
}

/** @returns int64 [n, 1] */
const firstLargest = (g: Graph, v: Value): Value => g.node('ArgMax', [v], COLUMN, { axis: -1, keepdims: 1 });

/**
 * For each row of `weights` [n, width] the first index whose cumulated weight exceeds uniform · total. Only sums of blocks are
 * cumulated over the whole row, and weights over the block that is hit: cumulating is slow.
 * @returns int64 [n, 1]
 */
function invert(of: Operators, weights: Value, uniform: Value, width: number): Value {
  const { g, outer } = of;
  const size = 2 ** Math.ceil(Math.log2(width) / 2);
  const count = Math.ceil(width / size);
  const missing = count * size - width;
  const whole =
    missing === 0
      ? weights
      : g.node('Pad', [weights, outer.int64([0, 0, 0, missing])], [UNKNOWN, count * size]);
  const blocks = of.reshape(whole, [-1, count, size]);
  const cumulated = (v: Value, exclusive: 0 | 1): Value =>
    g.node('CumSum', [v, outer.int64([-1])], v.shape, { exclusive });
  const lastOf = (v: Value): Value =>
    g.node('Gather', [v, outer.int64([v.shape[1]! - 1])], COLUMN, { axis: 1 });
  /** A threshold that rounding has brought up to the last sum would be exceeded nowhere. */
  const firstAbove = (sums: Value, threshold: Value): Value => {
    const below = of.binary('Mul', lastOf(sums), outer.scalar(BELOW_ONE));
    const above = of.binary('Greater', sums, g.node('Min', [threshold, below], COLUMN));
    return firstLargest(g, of.cast(above, 'float32'));
  };
  const ofBlocks = g.node('ReduceSum', [blocks, outer.int64([-1])], [UNKNOWN, count], { keepdims: 0 });
  const sums = cumulated(ofBlocks, 0);
  const threshold = of.binary('Mul', uniform, lastOf(sums));
  const block = firstAbove(sums, threshold);
  const before = g.node('GatherElements', [cumulated(ofBlocks, 1), block], COLUMN, { axis: -1 });
  const hit = g.node('GatherND', [blocks, block], [UNKNOWN, size], { batch_dims: 1 });
  const place = firstAbove(cumulated(hit, 0), of.binary('Sub', threshold, before));
  return of.binary('Add', of.binary('Mul', block, outer.int64([size])), place);
}
