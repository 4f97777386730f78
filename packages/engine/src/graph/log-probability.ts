import type { DifferentiableGraph } from './autodiff.js';
import { RUNTIME_DOMAIN, type Value } from './graph.js';
import { softmaxAndLog } from './softmax.js';

/** Words of the vocabulary whose logits are in memory at once. */
export const SLICE = 8192;
const UNKNOWN = -1;

/**
 * log softmax(hidden · headᵀ · scale)[i, target_i], without all logits in memory at once: they are computed in slices of the
 * vocabulary, and again for the gradient.
 * @param hidden [n, width]
 * @param head [vocabulary, width]
 * @param targets int32 [n]
 * @returns [n, 1]
 */
export function logProbability(
  g: DifferentiableGraph,
  hidden: Value,
  head: Value,
  targets: Value,
  scale: number,
): Value {
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
  const logs = slices.map(({ logits }) => softmaxAndLog(g, logits).logSum);
  const top = logs.reduce((a, b) => op('Max', a, b));
  const sum = logs.map((log) => op('Exp', op('Sub', log, top))).reduce((a, b) => op('Add', a, b));
  const normaliser = op('Add', top, op('Log', sum));

  const chosen = g.node('Gather', [head, targets], [UNKNOWN, width]);
  const dot = g.node('ReduceSum', [op('Mul', hidden, chosen), g.int64([-1])], column, { keepdims: 1 });
  const logit = op('Mul', dot, factor);
  const out = op('Sub', logit, normaliser);
  return g.record(out, [hidden, head], (gradient) => {
    const scaled = op('Mul', gradient, factor);
    let ofHidden = op('Mul', scaled, chosen);
    const ofRows: Value[] = [];
    slices.forEach(({ rows, logits }, i) => {
      // One slice after the other, each once what the last gave is there.
      const last = ofRows.at(-1);
      const again = (): Value =>
        logitsOf(last ? g.after(g.after(hidden, ofHidden), last) : g.after(hidden, gradient), rows);
      const scores = slices.length > 1 ? again() : logits;
      const shares = g.node('Softmax', [scores], scores.shape, { axis: -1 });
      // Each slice's shares are of its own normaliser.
      const weight = op('Neg', op('Mul', scaled, op('Exp', op('Sub', logs[i]!, normaliser))));
      const ofLogits = op('Mul', shares, weight);
      const fused = (a: Value, b: Value, shape: readonly number[], transA: number): Value =>
        g.node('FusedMatMul', [a, b], shape, { transA }, RUNTIME_DOMAIN);
      ofHidden = op('Add', ofHidden, fused(ofLogits, rows, hidden.shape, 0));
      ofRows.push(fused(ofLogits, hidden, rows.shape, 1));
    });
    const ofHead = ofRows.length === 1 ? ofRows[0]! : g.node('Concat', ofRows, head.shape, { axis: 0 });
    return [ofHidden, g.addToRows(ofHead, targets, op('Mul', scaled, hidden))];
  });
}
