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
  constructor(
    readonly trainable: ReadonlyMap<string, Parameter>,
    readonly frozen: ReadonlyMap<string, Parameter> = new Map(),
  ) {}

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
