import { shared } from '../graph/tensor.js';

/** A named float array as models and optimisers keep it. */
export interface Parameter {
  shape: number[];
  data: Float32Array;
}

/**
 * The weights of a model in two parts: what training changes, and what it leaves alone. Only trainable weights have
 * gradients and moments; copies of a model share the frozen ones.
 */
export class ParameterSet implements Iterable<[string, Parameter]> {
  readonly trainable: ReadonlyMap<string, Parameter>;
  readonly frozen: ReadonlyMap<string, Parameter>;

  constructor(trainable: ReadonlyMap<string, Parameter>, frozen: ReadonlyMap<string, Parameter> = new Map()) {
    this.trainable = inSharedMemory(trainable);
    this.frozen = inSharedMemory(frozen);
  }

  /** All weights by name, frozen ones first. */
  *[Symbol.iterator](): Iterator<[string, Parameter]> {
    yield* this.frozen;
    yield* this.trainable;
  }

  get(name: string): Parameter | undefined {
    return this.trainable.get(name) ?? this.frozen.get(name);
  }

  /** A set that trains independently. */
  clone(): ParameterSet {
    const copies = [...this.trainable].map(
      ([name, { shape, data }]) => [name, { shape, data: data.slice() }] as const,
    );
    return new ParameterSet(new Map(copies), this.frozen);
  }
}

/** Every graph reads them, on the engine's own thread. */
const inSharedMemory = (parameters: ReadonlyMap<string, Parameter>): Map<string, Parameter> =>
  new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: shared(data) }]));
