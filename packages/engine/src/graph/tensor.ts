/** A tensor as graphs take and give it, row by row; without dimensions it is a scalar. */
export type Tensor = {
  readonly dims: readonly number[];
  /** Of numbers that never change: where they have been copied once, they need not be again. */
  readonly identity?: number;
} & (
  | { readonly type: 'float32'; readonly data: Float32Array }
  | { readonly type: 'int32'; readonly data: Int32Array }
  | { readonly type: 'int64'; readonly data: BigInt64Array }
);
export type Tensors = Record<string, Tensor>;

export function float32(data: Float32Array, dims: readonly number[]): Tensor {
  return { type: 'float32', data, dims };
}
const identities = new WeakMap<Float32Array, number>();
let counter = 0;
/** @param data never changed again */
export function constant(data: Float32Array, dims: readonly number[]): Tensor {
  const identity = identities.get(data) ?? counter++;
  identities.set(data, identity);
  return { ...float32(data, dims), identity };
}
export function int32(data: Int32Array, dims: readonly number[]): Tensor {
  return { type: 'int32', data, dims };
}
export function int64(data: BigInt64Array, dims: readonly number[]): Tensor {
  return { type: 'int64', data, dims };
}
export function scalar(value: number): Tensor {
  return float32(Float32Array.of(value), []);
}

/** Float data of a tensor that is known to be float32. */
export function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.type !== 'float32') throw new TypeError(`expected a float32 tensor, got ${tensor?.type}`);
  return tensor.data;
}

/**
 * The same numbers in memory that both threads see, for what lives long and goes into many runs: weights and moments. All
 * else is copied into each run. Not for what is soon thrown away: Node does not count such memory towards the next collection.
 */
export function shared(data: Float32Array): Float32Array {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const copy = new Float32Array(new SharedArrayBuffer(data.byteLength));
  copy.set(data);
  return copy;
}
