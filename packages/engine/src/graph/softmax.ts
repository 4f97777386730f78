import type { Graph, Value } from './graph.js';

/**
 * Softmax over the last axis, and the logarithm of the sum that it divides by, [..., 1]: with these, softmaxes over parts of
 * the scores can be joined, or computed again.
 * @param outer the graph that `g` is nested in, for its constants; default: none
 */
export function softmaxAndLog(g: Graph, scores: Value, outer = g): { weights: Value; logSum: Value } {
  const column = [...scores.shape.slice(0, -1), 1];
  const largest = (x: Value): Value => g.node('ReduceMax', [x, outer.int64([-1])], column, { keepdims: 1 });
  const weights = g.node('Softmax', [scores], scores.shape, { axis: -1 });
  // The largest weight is its score's exponential over the sum, and never 0.
  const logSum = g.node('Sub', [largest(scores), g.node('Log', [largest(weights)], column)], column);
  return { weights, logSum };
}
