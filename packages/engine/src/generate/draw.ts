import type { Graph, Value } from '../graph/graph.js';
import { ELEMENT_TYPE } from '../graph/onnx.js';

/** How a token is drawn from the model's distribution. */
export interface Sampling {
  /** 0 is greedy. */
  temperature: number;
  /** Only the k likeliest tokens; 0 is all. */
  topK: number;
  /** Only the likeliest tokens whose probabilities before them sum to less than this; 1 is all. */
  topP: number;
}

const UNKNOWN = -1;

/** Inverse-CDF sampling: one uniform a row gives a repeatable draw that no other row of the batch can change. */
export function draw(
  g: Graph,
  outer: Graph,
  logs: Value,
  uniform: Value,
  { temperature, topK, topP }: Sampling,
  vocabulary: number,
): Value {
  const column = [UNKNOWN, 1];
  const argmax = (v: Value): Value =>
    g.node('Cast', [g.node('ArgMax', [v], column, { axis: -1, keepdims: 1 })], column, {
      to: ELEMENT_TYPE.int32,
    });
  if (temperature === 0) return argmax(logs);
  /** First index whose cumulated probability exceeds uniform · total. */
  const invert = (probabilities: Value): Value => {
    const sums = g.node('CumSum', [probabilities, outer.int64([-1])], probabilities.shape);
    const total = g.node('ReduceMax', [sums, outer.int64([-1])], column, { keepdims: 1 });
    const above = g.node('Greater', [sums, g.node('Mul', [uniform, total], column)], sums.shape);
    return argmax(g.node('Cast', [above], sums.shape, { to: ELEMENT_TYPE.float32 }));
  };
  const probabilities = g.node('Exp', [logs], logs.shape);
  if (topK === 0 && topP === 1) return invert(probabilities);
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
  const mass = g.node('ReduceSum', [best, outer.int64([-1])], column, { keepdims: 1 });
  const before = g.node('CumSum', [best, outer.int64([-1])], best.shape, { exclusive: 1 });
  const kept = g.node('Less', [before, g.node('Mul', [mass, outer.scalar(topP)], column)], best.shape);
  const place = invert(g.node('Where', [kept, best, outer.scalar(0)], best.shape));
  return g.node('Cast', [g.node('GatherElements', [indices, place], column, { axis: -1 })], column, {
    to: ELEMENT_TYPE.int32,
  });
}
