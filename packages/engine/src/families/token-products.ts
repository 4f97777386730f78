import { RUNTIME_DOMAIN, type Graph, type Value } from '../graph/graph.js';
import { linear, type WeightValues } from './linear.js';

/** A dimension that only the run knows. */
const UNKNOWN = -1;

/**
 * Products of tokens with weights W [out, in], with their biases. What is between `enter` and `leave` has a layout of its own, for
 * operators on single numbers.
 */
export interface TokenProducts {
  /** Tokens [rows, tokens, in] → W · x, in the layout. */
  enter(x: Value, name: string): Value;
  /** W · y of what is in the layout → tokens [rows, tokens, out]. */
  leave(y: Value, name: string): Value;
  /** Tokens [rows, tokens, in] → [rows, tokens, out]. */
  project(x: Value, name: string): Value;
  /** Tokens [rows, 1, in] → [rows, out], times `scale`. */
  logits(x: Value, weight: string, scale: number): Value;
}

/**
 * With the weights on the right, as they are written: the layout is tokens. For many tokens, or weights that are packed.
 * @param outer `g`, or the graph that it is nested in, for its constants
 */
export function weightsRight(g: Graph, outer: Graph, weights: WeightValues): TokenProducts {
  const transposed = (a: Value, b: Value, attributes = {}): Value => {
    const shape = [...a.shape.slice(0, -1), b.shape[0]!];
    return g.node('FusedMatMul', [a, b], shape, { transB: 1, ...attributes }, RUNTIME_DOMAIN);
  };
  const add = (a: Value, b: Value): Value => g.node('Add', [a, b], a.shape);
  const product = (x: Value, name: string): Value =>
    linear({ matmulTransposed: transposed, add }, weights, x, name);
  return {
    enter: product,
    leave: product,
    project: product,
    logits: (x, weight, scale) => {
      const width = x.shape.at(-1)!;
      const rows = g.node('Reshape', [x, outer.int64([-1, width])], [UNKNOWN, width]);
      return transposed(rows, weights.get(weight)!, { alpha: { float: scale } });
    },
  };
}

/**
 * With the weights on the left, for one token a row: the layout is [out, rows]. What is on the right is packed for each product, and of
 * a large matrix that takes longer than its product with few rows; on the left it is read as it lies.
 * @param outer the graph that `g` is nested in, for its constants
 */
export function weightsLeft(g: Graph, outer: Graph, weights: WeightValues): TokenProducts {
  const known = new Map<string, Value>();
  /** [rows, 1, width] → [width, rows]; once, however many products read it. */
  const turned = (x: Value): Value => {
    const width = x.shape.at(-1)!;
    const turn = (): Value => {
      // The axis in between keeps ONNX Runtime from turning the product instead, which takes it longer.
      const apart = g.node('Transpose', [x], [width, UNKNOWN, 1], { perm: [2, 0, 1] });
      return g.node('Reshape', [apart, outer.int64([width, -1])], [width, UNKNOWN]);
    };
    const columns = known.get(x.name) ?? turn();
    known.set(x.name, columns);
    return columns;
  };
  const rowsOf = (y: Value): Value => g.node('Transpose', [y], [UNKNOWN, y.shape[0]!], { perm: [1, 0] });
  const product = (y: Value, name: string): Value => {
    const weight = weights.get(`${name}.weight`)!;
    const shape = [weight.shape[0]!, UNKNOWN];
    const columns = g.node('MatMul', [weight, y], shape);
    const bias = weights.get(`${name}.bias`);
    if (!bias) return columns;
    const column = outer.node('Reshape', [bias, outer.int64([-1, 1])], [shape[0]!, 1]);
    return g.node('Add', [columns, column], shape);
  };
  const leave = (y: Value, name: string): Value => {
    const rows = rowsOf(product(y, name));
    const width = rows.shape[1]!;
    return g.node('Reshape', [rows, outer.int64([-1, 1, width])], [UNKNOWN, 1, width]);
  };
  return {
    enter: (x, name) => product(turned(x), name),
    leave,
    project: (x, name) => leave(turned(x), name),
    logits: (x, weight, scale) => {
      const head = weights.get(weight)!;
      const attributes = { alpha: { float: scale } };
      const shape = [head.shape[0]!, UNKNOWN];
      return rowsOf(g.node('FusedMatMul', [head, turned(x)], shape, attributes, RUNTIME_DOMAIN));
    },
  };
}
