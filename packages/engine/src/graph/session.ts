import ort from 'onnxruntime-node';
import type { Graph, Value } from './graph.js';

export type Tensor = ort.Tensor;
export type Feeds = Record<string, Tensor>;

export function float32(data: Float32Array, dims: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, dims);
}
export function int32(data: Int32Array, dims: readonly number[]): Tensor {
  return new ort.Tensor('int32', data, dims);
}
export function int64(data: BigInt64Array, dims: readonly number[]): Tensor {
  return new ort.Tensor('int64', data, dims);
}
export function scalar(value: number): Tensor {
  return float32(Float32Array.of(value), []);
}
export const zeros = (dims: readonly number[]): Tensor =>
  float32(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

/** Float data of a tensor that is known to be float32. */
export function floats(tensor: Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array))
    throw new TypeError(`expected a float32 tensor, got ${tensor?.type}`);
  return tensor.data;
}

/** A compiled graph. */
export interface Session {
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
  /** Gives its memory back; not to be run again. */
  release(): Promise<void>;
}

/** Threads for one graph; unset: one a core. For machines that others use too. */
const threads = Number(process.env['TOUCHSTONE_THREADS'] ?? 0);

/** Compiles a serialised ONNX model for the CPU. */
async function compile(model: Uint8Array): Promise<Session> {
  const session = await ort.InferenceSession.create(model, {
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    // Shape warnings of nested graphs are noise for a user; errors still throw.
    logSeverityLevel: 3,
  });
  return { run: (feeds) => session.run(feeds), release: () => session.release() };
}

/** Each session keeps the memory that its largest run needed; this many at most, per model. */
const SESSIONS_KEPT = 12;

/** Compiles each graph once and keeps those that were used last. One caller at a time, as models are. */
export class SessionCache {
  private readonly sessions = new Map<string, Session>();
  /** @param build called when the graph is not there yet */
  async get(key: string, build: () => Uint8Array): Promise<Session> {
    const session = this.sessions.get(key) ?? (await compile(build()));
    this.sessions.delete(key);
    this.sessions.set(key, session);
    const [oldest] = this.sessions;
    if (this.sessions.size > SESSIONS_KEPT && oldest) {
      this.sessions.delete(oldest[0]);
      await oldest[1].release();
    }
    return session;
  }
}

/** Compiles and runs a graph once: for checking a formula on numbers. */
export async function runGraph(
  graph: Graph,
  outputs: Record<string, Value>,
  inputs: Record<string, { dims: readonly number[]; data: Float32Array }>,
): Promise<Record<string, Float32Array>> {
  const model = graph.toModel(
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }])),
  );
  const session = await compile(model);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dims, data }]) => [name, float32(data, dims)]),
  );
  const out = await session.run(feeds);
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, floats(out[name])]));
}
