import { RUNTIME_DOMAIN, type Graph, type Value } from '../graph/graph.js';
import { ELEMENT_TYPE, type ElementType } from '../graph/onnx.js';

/** A dimension that only the run knows. */
export const UNKNOWN = -1;
const unknown = (rank: number): number[] => Array<number>(rank).fill(UNKNOWN);

/** A dimension: known now, or an int64 [1] of the run. */
export type Dim = number | Value;
const known = (dim: Dim): number => (typeof dim === 'number' ? dim : UNKNOWN);

/** Operators on tensors whose dimensions only the run knows, in `g`; their constants live in `outer`, the graph around it. */
export class Operators {
  constructor(
    readonly g: Graph,
    readonly outer: Graph,
  ) {}

  /** A dimension of `x`, as int64 [1]. */
  dim(x: Value, axis: number): Value {
    return this.g.node('Shape', [x], [1], { start: axis, end: axis + 1 });
  }

  /** from, from + 1, … below `to`, as int64; both are int64 scalars. */
  range(from: Value, to: Value): Value {
    return this.g.node('Range', [from, to, this.outer.int64Scalar(1)], [UNKNOWN]);
  }

  scalar(vector: Value): Value {
    return this.g.node('Reshape', [vector, this.outer.int64([])], []);
  }

  /** @param dims as ONNX's `Reshape` has them: 0 for the dimension as it is, -1 for what is left */
  reshape(x: Value, dims: readonly Dim[]): Value {
    return this.g.node('Reshape', [x, this.shape(dims)], dims.map(known));
  }

  zeros(dims: readonly Dim[]): Value {
    return this.g.node('ConstantOfShape', [this.shape(dims)], dims.map(known));
  }

  private shape(dims: readonly Dim[]): Value {
    if (dims.every((dim) => typeof dim === 'number')) return this.outer.int64(dims);
    const pieces = dims.map((dim) => (typeof dim === 'number' ? this.outer.int64([dim]) : dim));
    return this.g.node('Concat', pieces, [dims.length], { axis: 0 });
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.g.node('Transpose', [x], unknown(perm.length), { perm });
  }

  /** Slices of axis 0. */
  gather(x: Value, indices: Value): Value {
    return this.g.node('Gather', [x, indices], [UNKNOWN, ...x.shape.slice(1)]);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const rank = parts[0]!.shape.length;
    return this.g.node('Concat', parts, unknown(rank), { axis });
  }

  /** Along the last axis. @param widths int64 [1] each */
  split(x: Value, widths: readonly Value[]): Value[] {
    if (widths.length === 1) return [x];
    const sizes = this.g.node('Concat', widths, [widths.length], { axis: 0 });
    const axis = x.shape.length - 1;
    return this.g.nodesOf(
      'Split',
      [x, sizes],
      widths.map(() => x.shape),
      { axis },
    );
  }

  unsqueeze(x: Value, ...axes: number[]): Value {
    return this.g.node('Unsqueeze', [x, this.outer.int64(axes)], unknown(x.shape.length + axes.length));
  }

  squeeze(x: Value, axis: number): Value {
    return this.g.node('Squeeze', [x, this.outer.int64([axis])], unknown(x.shape.length - 1));
  }

  cast(x: Value, type: ElementType): Value {
    return this.g.node('Cast', [x], x.shape, { to: ELEMENT_TYPE[type] });
  }

  /** Of the two shapes, `a`'s has more axes or as many. */
  binary(operator: 'Add' | 'Sub' | 'Mul' | 'Less' | 'Greater' | 'GreaterOrEqual', a: Value, b: Value): Value {
    return this.g.node(operator, [a, b], a.shape);
  }

  matmul(a: Value, b: Value): Value {
    return this.g.node('MatMul', [a, b], unknown(a.shape.length));
  }

  /** a · bᵀ over the last two axes. */
  matmulTransposed(a: Value, b: Value): Value {
    return this.g.node('FusedMatMul', [a, b], unknown(a.shape.length), { transB: 1 }, RUNTIME_DOMAIN);
  }

  /** What is added to a score: nothing where `isSeen`, so much elsewhere that nothing is left of it. */
  mask(isSeen: Value): Value {
    return this.g.node('Where', [isSeen, this.outer.scalar(0), this.outer.scalar(-1e9)], isSeen.shape);
  }
}
