import { Graph, RUNTIME_DOMAIN, type Value } from './graph.js';

/** Given the gradient of an operator's output, the gradients of its inputs (null: not differentiable). */
type Pullback = (gradient: Value) => (Value | null)[];

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

/** Shape of a NumPy-style broadcast. @throws {RangeError} when the shapes do not fit. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new RangeError(`cannot broadcast [${a}] with [${b}]`);
    return Math.max(x, y);
  });
}

/**
 * A graph whose operators know their derivative: `backward` appends the reverse pass as ordinary nodes, so forward,
 * backward and what uses the gradients run as one ONNX graph. Shapes are static.
 */
export class DifferentiableGraph extends Graph {
  private readonly tape: { output: Value; inputs: readonly Value[]; pullback: Pullback }[] = [];

  private record(output: Value, inputs: readonly Value[], pullback: Pullback): Value {
    this.tape.push({ output, inputs, pullback });
    return output;
  }

  private elementwise(operator: string, ...inputs: Value[]): Value {
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

  /** x · sigmoid(x). */
  silu(a: Value): Value {
    const sigmoid = this.elementwise('Sigmoid', a);
    const out = this.elementwise('Mul', a, sigmoid);
    return this.record(out, [a], (g) => {
      const inner = this.elementwise('Sub', out, this.elementwise('Mul', out, sigmoid));
      return [this.elementwise('Mul', g, this.elementwise('Add', sigmoid, inner))];
    });
  }

  /** Batched product a · bᵀ · scale over the last two axes; batch axes are equal. */
  matmulTransposed(a: Value, b: Value, scale = 1): Value {
    const shape = [...a.shape.slice(0, -1), b.shape.at(-2)!];
    const alpha = { float: scale };
    const fused = (x: Value, y: Value, out: readonly number[], transA: number, transB: number): Value =>
      this.node('FusedMatMul', [x, y], out, { transA, transB, alpha }, RUNTIME_DOMAIN);
    return this.record(fused(a, b, shape, 0, 1), [a, b], (g) => [
      fused(g, b, a.shape, 0, 0),
      fused(g, a, b.shape, 1, 0),
    ]);
  }

  /** Batched product a · b over the last two axes; batch axes are equal. */
  matmul(a: Value, b: Value): Value {
    const shape = [...a.shape.slice(0, -1), b.shape.at(-1)!];
    const fused = (x: Value, y: Value, out: readonly number[], transA: number, transB: number): Value =>
      this.node('FusedMatMul', [x, y], out, { transA, transB }, RUNTIME_DOMAIN);
    return this.record(fused(a, b, shape, 0, 0), [a, b], (g) => [
      fused(g, b, a.shape, 0, 1),
      fused(a, g, b.shape, 1, 0),
    ]);
  }

  reshape(a: Value, shape: readonly number[]): Value {
    if (size(a.shape) !== size(shape)) throw new RangeError(`cannot reshape [${a.shape}] to [${shape}]`);
    return this.record(this.node('Reshape', [a, this.int64(shape)], shape), [a], (g) => [
      this.node('Reshape', [g, this.int64(a.shape)], a.shape),
    ]);
  }

  transpose(a: Value, permutation: readonly number[]): Value {
    const inverse = permutation.map((_, i) => permutation.indexOf(i));
    const shape = permutation.map((p) => a.shape[p]!);
    return this.record(this.node('Transpose', [a], shape, { perm: permutation }), [a], (g) => [
      this.node('Transpose', [g], a.shape, { perm: inverse }),
    ]);
  }

  /** Repeats each slice of axis 1 `times` times in a row: [B, K, …] → [B, K·times, …]. */
  repeatAxis1(a: Value, times: number): Value {
    if (times === 1) return a;
    const [batch, heads, ...rest] = a.shape as [number, number, ...number[]];
    const wide = [batch, heads, times, ...rest];
    const narrow = [batch, heads, 1, ...rest];
    const expanded = this.node(
      'Expand',
      [this.node('Reshape', [a, this.int64(narrow)], narrow), this.int64(wide)],
      wide,
    );
    const shape = [batch, heads * times, ...rest];
    return this.record(this.node('Reshape', [expanded, this.int64(shape)], shape), [a], (g) => {
      const grouped = this.node('Reshape', [g, this.int64(wide)], wide);
      return [this.node('ReduceSum', [grouped, this.int64([2])], a.shape, { keepdims: 0 })];
    });
  }

  /** Softmax over the last axis. */
  softmax(a: Value): Value {
    const out = this.node('Softmax', [a], a.shape, { axis: -1 });
    return this.record(out, [a], (g) => {
      const weighted = this.elementwise('Mul', g, out);
      const sum = this.node('ReduceSum', [weighted, this.int64([-1])], [...a.shape.slice(0, -1), 1], {
        keepdims: 1,
      });
      return [this.elementwise('Sub', weighted, this.elementwise('Mul', out, sum))];
    });
  }

  /** x / sqrt(mean(x²) + epsilon) · weight over the last axis. */
  rmsNorm(x: Value, weight: Value, epsilon: number): Value {
    const column = [...x.shape.slice(0, -1), 1];
    const meanOf = (v: Value): Value =>
      this.node('ReduceMean', [v, this.int64([-1])], column, { keepdims: 1 });
    const variance = this.elementwise('Add', meanOf(this.elementwise('Mul', x, x)), this.scalar(epsilon));
    const inverse = this.elementwise('Reciprocal', this.elementwise('Sqrt', variance));
    const normed = this.elementwise('Mul', x, inverse);
    return this.record(this.elementwise('Mul', normed, weight), [x, weight], (g) => {
      const scaled = this.elementwise('Mul', g, weight);
      const dot = meanOf(this.elementwise('Mul', scaled, normed));
      const gradient = this.elementwise(
        'Mul',
        inverse,
        this.elementwise('Sub', scaled, this.elementwise('Mul', normed, dot)),
      );
      return [gradient, this.unbroadcast(this.elementwise('Mul', g, normed), weight)];
    });
  }

  /**
   * Rotary position embedding, half-split as Hugging Face's Llama has it.
   * @param x [batch, tokens, heads · headSize]
   * @param cos [positions, headSize / 2], as `sin` and `negatedSin`
   * @param start int64 [1], the position of the first token
   */
  rotary(x: Value, cos: Value, sin: Value, negatedSin: Value, start: Value): Value {
    const rotate = (v: Value, s: Value): Value =>
      this.node('RotaryEmbedding', [v, start, cos, s], v.shape, {}, RUNTIME_DOMAIN);
    return this.record(rotate(x, sin), [x], (g) => [rotate(g, negatedSin)]);
  }

  /** Rows of `table` [rows, width] at int32 `indices` [n] → [n, width]. */
  gatherRows(table: Value, indices: Value): Value {
    const [width] = table.shape.slice(1);
    const n = indices.shape[0]!;
    return this.record(this.node('Gather', [table, indices], [n, width!]), [table], (g) => {
      // Not ScatterND: ONNX Runtime adds its duplicates from several threads at once and loses some.
      const zeros = this.node('ConstantOfShape', [this.int64(table.shape)], table.shape);
      const column = this.node('Reshape', [indices, this.int64([n, 1])], [n, 1]);
      const wide = this.node('Expand', [column, this.int64([n, width!])], [n, width!]);
      return [this.node('ScatterElements', [zeros, wide, g], table.shape, { axis: 0, reduction: 'add' })];
    });
  }

  /** log softmax(logits)[i, target_i]: logits [n, vocabulary], int32 targets [n, 1] → [n, 1]. */
  logProbability(logits: Value, targets: Value): Value {
    const logs = this.node('LogSoftmax', [logits], logits.shape, { axis: -1 });
    const out = this.node('GatherElements', [logs, targets], targets.shape, { axis: -1 });
    return this.record(out, [logits], (g) => {
      const soft = this.elementwise('Neg', this.elementwise('Mul', this.elementwise('Exp', logs), g));
      return [this.node('ScatterElements', [soft, targets, g], logits.shape, { axis: -1, reduction: 'add' })];
    });
  }

  /** Sum of all elements, a scalar. */
  sum(a: Value): Value {
    return this.record(this.node('ReduceSum', [a], [], { keepdims: 0 }), [a], (g) => [
      this.node('Expand', [g, this.int64(a.shape)], a.shape),
    ]);
  }

  /** Gradients of scalar `loss` with respect to each of `parameters` (zeros where it does not depend on one). */
  backward(loss: Value, parameters: readonly Value[]): Value[] {
    const gradients = new Map<string, Value>([[loss.name, this.scalar(1)]]);
    for (const { output, inputs, pullback } of this.tape.toReversed()) {
      const gradient = gradients.get(output.name);
      if (!gradient) continue;
      pullback(gradient).forEach((contribution, i) => {
        if (!contribution) return;
        const { name } = inputs[i]!;
        const sum = gradients.get(name);
        gradients.set(name, sum ? this.elementwise('Add', sum, contribution) : contribution);
      });
    }
    return parameters.map(
      (p) => gradients.get(p.name) ?? this.node('ConstantOfShape', [this.int64(p.shape)], p.shape),
    );
  }
}
