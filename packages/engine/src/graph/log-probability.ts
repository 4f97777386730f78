import type { DifferentiableGraph } from './autodiff.js';
import { RUNTIME_DOMAIN, type Value } from './graph.js';
import { softmaxAndLog } from './softmax.js';

/** Words of the vocabulary whose logits are in memory at once. */
export const SLICE = 8192;
const UNKNOWN = -1;

/** What a model says of each scored token, [n, 1]; differentiable. */
export interface TokenScores {
  logprobs: Value;
  /** −Σ p log p over the vocabulary, in nats; null where nobody asked for it. */
  entropy: Value | null;
}

/**
 * log softmax(hidden · headᵀ · scale)[i, target_i], and the entropy of that distribution where it is asked for, without all logits in
 * memory at once: they are computed in slices of the vocabulary, and again for the gradient.
 * @param hidden [n, width]
 * @param head [vocabulary, width]
 * @param targets int32 [n]
 */
export function scoreTokens(
  g: DifferentiableGraph,
  hidden: Value,
  head: Value,
  targets: Value,
  scale: number,
  withEntropy = false,
): TokenScores {
  const column = [UNKNOWN, 1];
  const [vocabulary, width] = head.shape as [number, number];
  const factor = g.scalar(scale);
  const op = (operator: string, ...inputs: Value[]): Value => g.elementwise(operator, ...inputs);

  const starts = Array.from({ length: Math.ceil(vocabulary / SLICE) }, (_, i) => i * SLICE);
  const slices = starts.map((start) => {
    const size = Math.min(SLICE, vocabulary - start);
    const rows =
      starts.length === 1
        ? head
        : g.node('Slice', [head, g.int64([start]), g.int64([start + size]), g.int64([0])], [size, width]);
    return { rows, logits: logitsOf(hidden, rows) };
  });
  function logitsOf(states: Value, rows: Value): Value {
    const attributes = { transB: 1, alpha: { float: scale } };
    return g.node('FusedMatMul', [states, rows], [UNKNOWN, rows.shape[0]!], attributes, RUNTIME_DOMAIN);
  }
  const softmaxes = slices.map(({ logits }) => softmaxAndLog(g, logits));
  const logs = softmaxes.map(({ logSum }) => logSum);
  const top = logs.reduce((a, b) => op('Max', a, b));
  const sum = logs.map((log) => op('Exp', op('Sub', log, top))).reduce((a, b) => op('Add', a, b));
  const normaliser = op('Add', top, op('Log', sum));
  /** A slice's part of all probability. */
  const partOf = (i: number): Value => op('Exp', op('Sub', logs[i]!, normaliser));
  const sumOfRow = (value: Value): Value =>
    g.node('ReduceSum', [value, g.int64([-1])], column, { keepdims: 1 });

  const chosen = g.node('Gather', [head, targets], [UNKNOWN, width]);
  const logit = op('Mul', sumOfRow(op('Mul', hidden, chosen)), factor);
  const out = op('Sub', logit, normaliser);
  // H = log Σ exp z − Σ p z: the slices' own means of z, each by its part.
  const mean = withEntropy
    ? slices
        .map(({ logits }, i) => op('Mul', partOf(i), sumOfRow(op('Mul', softmaxes[i]!.weights, logits))))
        .reduce((a, b) => op('Add', a, b))
    : null;
  const both = mean && g.node('Concat', [out, op('Sub', normaliser, mean)], [UNKNOWN, 2], { axis: 1 });
  const recorded = g.record(both ?? out, [hidden, head], (whole) => {
    const gradient = both ? pick(g, whole, 0) : whole;
    const scaled = op('Mul', gradient, factor);
    const scaledEntropy = both && op('Mul', pick(g, whole, 1), factor);
    let ofHidden = op('Mul', scaled, chosen);
    const ofRows: Value[] = [];
    slices.forEach(({ rows, logits }, i) => {
      // One slice after the other, each once what the last gave is there.
      const last = ofRows.at(-1);
      const again = (): Value =>
        logitsOf(last ? g.after(g.after(hidden, ofHidden), last) : g.after(hidden, gradient), rows);
      const scores = slices.length > 1 ? again() : logits;
      const shares = g.node('Softmax', [scores], scores.shape, { axis: -1 });
      // ∂ log p / ∂z_k = −p_k but for the target, ∂H / ∂z_k = −p_k (z_k − Σ p z).
      const slope =
        scaledEntropy && mean ? op('Add', op('Mul', op('Sub', scores, mean), scaledEntropy), scaled) : scaled;
      // Each slice's shares are of its own normaliser.
      const weight = op('Neg', op('Mul', slope, partOf(i)));
      const ofLogits = op('Mul', shares, weight);
      const fused = (a: Value, b: Value, shape: readonly number[], transA: number): Value =>
        g.node('FusedMatMul', [a, b], shape, { transA }, RUNTIME_DOMAIN);
      ofHidden = op('Add', ofHidden, fused(ofLogits, rows, hidden.shape, 0));
      ofRows.push(fused(ofLogits, hidden, rows.shape, 1));
    });
    const ofHead = ofRows.length === 1 ? ofRows[0]! : g.node('Concat', ofRows, head.shape, { axis: 0 });
    return [ofHidden, g.addToRows(ofHead, targets, op('Mul', scaled, hidden))];
  });
  return both
    ? { logprobs: columnOf(g, recorded, 0), entropy: columnOf(g, recorded, 1) }
    : { logprobs: recorded, entropy: null };
}

/** One of the two columns of `a` [n, 2] → [n, 1], without a derivative. */
const pick = (g: DifferentiableGraph, a: Value, index: 0 | 1): Value =>
  g.node('Gather', [a, g.int64([index])], [UNKNOWN, 1], { axis: 1 });

const columnOf = (g: DifferentiableGraph, a: Value, index: 0 | 1): Value => {
  const only = g.float32(Float32Array.of(1 - index, index), [1, 2]);
  return g.record(pick(g, a, index), [a], (gradient) => [g.elementwise('Mul', gradient, only)]);
};
