import { Graph, RUNTIME_DOMAIN, type Value } from './graph.js';

/** Given the gradient of an operator's output, the gradients of its inputs (null: not differentiable). */
type Pullback = (gradient: Value) => (Value | null)[];

/** Of values, by name. */
type Gradients = Map<string, Value>;

/** What has been computed, and how its gradient goes on to what it was computed from. */
interface Taped {
  output: Value;
  pull: (gradient: Value, gradients: Gradients) => void;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** Shape of a NumPy-style broadcast; all -1 of one computation are the same size. @throws {RangeError} when the shapes do not fit. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`cannot broadcast [${a}] with [${b}]`);
    return x === 1 ? y : x;
  });
}

/**
 * A graph whose operators know their derivative: `backward` appends the reverse pass as ordinary nodes, so forward,
 * backward and what uses the gradients run as one ONNX graph. How many tokens there are may be left to the run (-1).
 */
export class DifferentiableGraph extends Graph {
  private tape: Taped[] = [];

  /** @param recompute whether `segment` keeps only what it starts from */
  constructor(private readonly recompute = false) {
    super();
  }

  /** Makes `output`, already computed from `inputs`, differentiable. */
  record(output: Value, inputs: readonly Value[], pullback: Pullback): Value {
    return this.tapeOf(output, (gradient, gradients) => {
      pullback(gradient).forEach((contribution, i) => {
        if (contribution) this.accumulate(gradients, inputs[i]!, contribution);
      });
    });
  }

  private tapeOf(output: Value, pull: Taped['pull']): Value {
    this.tape.push({ output, pull });
    return output;
  }

  /**
   * `compute(x)`, x and what comes out [n, width]. Where the graph recomputes, nothing in between is kept: the gradient computes
   * it once more, when its turn comes (activation checkpointing, Chen et al. 2016, arXiv 1604.06174).
   */
  segment(x: Value, compute: (x: Value) => Value): Value {
    if (!this.recompute) return compute(x);
    const taped = (start: Value): { output: Value; tape: Taped[] } => {
      const outer = this.tape;
      this.tape = [];
      const output = compute(start);
      const { tape } = this;
      this.tape = outer;
      return { output, tape };
    };
    return this.tapeOf(taped(x).output, (gradient, gradients) => {
      const again = this.after(x, gradient);
      const { output, tape } = taped(again);
      gradients.set(output.name, gradient);
      this.pullBack(tape, gradients);
      const contribution = gradients.get(again.name);
      if (contribution) this.accumulate(gradients, x, contribution);
    });
  }

  /** A node whose output has its inputs' broadcast shape, without a derivative. */
  elementwise(operator: string, ...inputs: Value[]): Value {
    return this.node(
      operator,
      inputs,
      inputs.map((v) => v.shape).reduce((a, b) => broadcastShape(a, b)),
    );
  }

  /** Sums a gradient over the axes that broadcasting added. */
  private unbroadcast(gradient: Value, like: Value): Value {
    if (sameShape(gradient.shape, like.shape)) return gradient;
    const added = gradient.shape.length - like.shape.length;
    const axes = gradient.shape.flatMap((d, i) => (i < added || like.shape[i - added] !== d ? [i] : []));
    const kept = gradient.shape.map((d, i) => (axes.includes(i) ? 1 : d));
    const sum = this.node('ReduceSum', [gradient, this.int64(axes)], kept, { keepdims: 1 });
    return added ? this.node('Reshape', [sum, this.int64(like.shape)], like.shape) : sum;
  }

  add(a: Value, b: Value): Value {
    return this.record(this.elementwise('Add', a, b), [a, b], (g) => [
      this.unbroadcast(g, a),
      this.unbroadcast(g, b),
    ]);
  }

  subtract(a: Value, b: Value): Value {
    return this.record(this.elementwise('Sub', a, b), [a, b], (g) => [
      this.unbroadcast(g, a),
      this.unbroadcast(this.elementwise('Neg', g), b),
    ]);
  }

  multiply(a: Value, b: Value): Value {
    return this.record(this.elementwise('Mul', a, b), [a, b], (g) => [
      this.unbroadcast(this.elementwise('Mul', g, b), a),
      this.unbroadcast(this.elementwise('Mul', g, a), b),
    ]);
  }

  negate(a: Value): Value {
    return this.record(this.elementwise('Neg', a), [a], (g) => [this.elementwise('Neg', g)]);
  }

  exp(a: Value): Value {
    const out = this.elementwise('Exp', a);
    return this.record(out, [a], (g) => [this.elementwise('Mul', g, out)]);
  }

  /** Element-wise minimum; where both are equal the gradient goes to `a`. */
  minimum(a: Value, b: Value): Value {
    return this.choose('Min', 'LessOrEqual', a, b);
  }

  maximum(a: Value, b: Value): Value {
    return this.choose('Max', 'GreaterOrEqual', a, b);
  }

  private choose(operator: string, comparison: string, a: Value, b: Value): Value {
    const out = this.elementwise(operator, a, b);
    return this.record(out, [a, b], (g) => {
      const first = this.elementwise(comparison, a, b);
      const zero = this.scalar(0);
      return [
        this.unbroadcast(this.node('Where', [first, g, zero], out.shape), a),
        this.unbroadcast(this.node('Where', [first, zero, g], out.shape), b),
      ];
    });
  }

  /** Limits to [low, high]; the gradient is 0 outside. */
  clamp(a: Value, low: number, high: number): Value {
    return this.minimum(this.maximum(a, this.scalar(low)), this.scalar(high));
  }

  /** gate · sigmoid(gate) · up, of which only the inputs are kept for the gradient. */
  swiglu(gate: Value, up: Value): Value {
    const silu = this.node('QuickGelu', [gate], gate.shape, { alpha: { float: 1 } }, RUNTIME_DOMAIN);
    return this.record(this.elementwise('Mul', silu, up), [gate, up], (g) => {
      const sigmoid = this.elementwise('Sigmoid', this.after(gate, g));
      const again = this.elementwise('Mul', gate, sigmoid);
      const rest = this.elementwise('Sub', again, this.elementwise('Mul', again, sigmoid));
      const slope = this.elementwise('Add', sigmoid, rest);
      return [
        this.elementwise('Mul', this.elementwise('Mul', g, up), slope),
        this.elementwise('Mul', g, again),
      ];
    });
  }

  /**
   * `value` [n, width], once `other` [m, width or 1] is there: what is computed from it would otherwise be computed before
   * its turn, and lie in memory until then.
   */
  after(value: Value, other: Value): Value {
    const row = this.node('Gather', [other, this.int32([0])], [1, other.shape[1]!]);
    return this.elementwise('Add', value, this.elementwise('Mul', row, this.scalar(0)));
  }

  /** a · bᵀ of matrices. */
  matmulTransposed(a: Value, b: Value): Value {
    const product = (x: Value, y: Value, shape: readonly number[], transposed: Record<string, 1>): Value =>
      this.node('FusedMatMul', [x, y], shape, transposed, RUNTIME_DOMAIN);
    return this.record(product(a, b, [a.shape[0]!, b.shape[0]!], { transB: 1 }), [a, b], (g) => [
      product(g, b, a.shape, {}),
      product(g, a, b.shape, { transA: 1 }),
    ]);
  }

  /** x / sqrt(mean(x²) + epsilon) · weight, of x [n, width]. */
  rmsNorm(x: Value, weight: Value, epsilon: number): Value {
    const column = [x.shape[0]!, 1];
    const op = (operator: string, ...inputs: Value[]): Value => this.elementwise(operator, ...inputs);
    const squares = this.node('ReduceMean', [op('Mul', x, x), this.int64([-1])], column, { keepdims: 1 });
    const inverse = op('Reciprocal', op('Sqrt', op('Add', squares, this.scalar(epsilon))));
    const out = op('Mul', op('Mul', x, inverse), weight);
    return this.record(out, [x, weight], (g) => {
      // From x itself: what was normed need not be kept.
      const product = op('Mul', g, x);
      const ofWeight = this.node(
        'MatMul',
        [this.node('Transpose', [inverse], [1, x.shape[0]!]), product],
        [1, weight.shape[0]!],
      );
      const dot = this.node('ReduceMean', [op('Mul', product, weight), this.int64([-1])], column, {
        keepdims: 1,
      });
      const pull = op('Mul', dot, op('Mul', inverse, op('Mul', inverse, inverse)));
      return [
        op('Sub', op('Mul', op('Mul', g, weight), inverse), op('Mul', x, pull)),
        this.node('Reshape', [ofWeight, this.int64(weight.shape)], weight.shape),
      ];
    });
  }

  /**
   * Rotary position embedding, half-split as Hugging Face's Llama has it.
   * @param x [tokens, heads · headSize]
   * @param cos [positions, headSize / 2], as `sin` and `negatedSin`
   * @param positions int64 [tokens, 1]
   */
  rotary(x: Value, cos: Value, sin: Value, negatedSin: Value, positions: Value): Value {
    const [tokens, width] = x.shape as [number, number];
    const rotate = (v: Value, s: Value): Value => {
      // Each token is a row of its own: a row's positions would be one after the other.
      const rows = this.node('Unsqueeze', [v, this.int64([1])], [tokens, 1, width]);
      const out = this.node('RotaryEmbedding', [rows, positions, cos, s], rows.shape, {}, RUNTIME_DOMAIN);
      return this.node('Squeeze', [out, this.int64([1])], x.shape);
    };
    return this.record(rotate(x, sin), [x], (g) => [rotate(g, negatedSin)]);
  }

  /** Rows of `table` [rows, width] at int32 `indices` [n] → [n, width]. */
  gatherRows(table: Value, indices: Value): Value {
    const shape = [indices.shape[0]!, table.shape[1]!];
    return this.tapeOf(this.node('Gather', [table, indices], shape), (g, gradients) => {
      // A table may be large: what else its gradient is made of is there to be added to.
      const sum = gradients.get(table.name) ?? this.zeros(table);
      gradients.set(table.name, this.addToRows(sum, indices, g));
    });
  }

  /** `table` [rows, width] with each of `rows` [n, width] added to the row of it that int32 `indices` [n] names. */
  addToRows(table: Value, indices: Value, rows: Value): Value {
    // Not ScatterND: ONNX Runtime adds its duplicates from several threads at once and loses some.
    const column = this.node('Unsqueeze', [indices, this.int64([1])], [indices.shape[0]!, 1]);
    const wide = this.node('Expand', [column, this.shapeOf(rows)], rows.shape);
    return this.node('ScatterElements', [table, wide, rows], table.shape, { axis: 0, reduction: 'add' });
  }

  /**
   * For each row of `a` [n, 1] the sum of the rows of its group.
   * @param group int32 [n], each below n
   */
  sumOfGroup(a: Value, group: Value): Value {
    const summed = (rows: Value): Value =>
      this.node('Gather', [this.addToRows(this.zeros(rows), group, rows), group], rows.shape);
    // The matrix that does so is symmetric.
    return this.record(summed(a), [a], (g) => [summed(g)]);
  }

  private zeros(like: Value): Value {
    return this.node('ConstantOfShape', [this.shapeOf(like)], like.shape);
  }

  private shapeOf(value: Value): Value {
    return value.shape.includes(-1)
      ? this.node('Shape', [value], [value.shape.length])
      : this.int64(value.shape);
  }

  /** Sum of all elements, a scalar. */
  sum(a: Value): Value {
    return this.record(this.node('ReduceSum', [a], [], { keepdims: 0 }), [a], (g) => [
      this.node('Expand', [g, this.shapeOf(a)], a.shape),
    ]);
  }

  /** Gradients of scalar `loss` with respect to each of `parameters` (zeros where it does not depend on one). */
  backward(loss: Value, parameters: readonly Value[]): Value[] {
    const gradients: Gradients = new Map([[loss.name, this.scalar(1)]]);
    this.pullBack(this.tape, gradients);
    return parameters.map((p) => gradients.get(p.name) ?? this.zeros(p));
  }

  private pullBack(tape: readonly Taped[], gradients: Gradients): void {
    for (const { output, pull } of tape.toReversed()) {
      const gradient = gradients.get(output.name);
      if (gradient) pull(gradient, gradients);
    }
  }

  private accumulate(gradients: Gradients, { name }: Value, contribution: Value): void {
    const sum = gradients.get(name);
    gradients.set(name, sum ? this.elementwise('Add', sum, contribution) : contribution);
  }
}
