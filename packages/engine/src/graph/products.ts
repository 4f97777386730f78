import { Graph } from './graph.js';
import { Session } from './session.js';
import { float32, shared } from './tensor.js';

/** Sizes of a product of matrices, [rows, inner] · [inner, columns]. */
export interface ProductShape {
  rows: number;
  inner: number;
  columns: number;
}

/** Float32 products, compiled, of which it is only asked how long they take. */
export interface Products {
  /** Additions and multiplications of a run. */
  operations: number;
  run(): Promise<void>;
  release(): Promise<void>;
}

/** There and back again, so that a run's overhead is little beside its products. */
const ROUNDS = 2;

/** A chain of products with constant matrices, on all cores that graphs compute on. */
export async function compileProducts({ rows, inner, columns }: ProductShape): Promise<Products> {
  const graph = new Graph();
  // What comes out is 1 again, however long the chain: numbers out of range may be slower.
  const matrix = (height: number, width: number) =>
    graph.float32(new Float32Array(height * width).fill(1 / height), [height, width]);
  const [there, back] = [matrix(inner, columns), matrix(columns, inner)];
  let value = graph.input('x', 'float32', [rows, inner]);
  for (let i = 0; i < ROUNDS; i++) {
    value = graph.node('MatMul', [value, there], [rows, columns]);
    value = graph.node('MatMul', [value, back], [rows, inner]);
  }
  const sum = graph.node('ReduceSum', [value], [], { keepdims: 0 });
  const session = await Session.compile(graph.toModel({ sum: { value: sum } }));
  const feeds = { x: float32(shared(new Float32Array(rows * inner).fill(1)), [rows, inner]) };
  return {
    operations: ROUNDS * 2 * (2 * rows * inner * columns),
    run: async () => void (await session.run(feeds)),
    release: () => session.release(),
  };
}
