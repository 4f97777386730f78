import type { Value } from '../graph/graph.js';

/** Weights as values of a graph, by Hugging Face's names. */
export type WeightValues = ReadonlyMap<string, Value>;

/** The operators of a linear layer: those of a differentiable graph, or of one that only decodes. */
export interface LinearOperators {
  /** a · bᵀ over the last two axes. */
  matmulTransposed(a: Value, b: Value): Value;
  add(a: Value, b: Value): Value;
}

/** x · Wᵀ (+ bias): every projection of every forward pass. */
export function linear(g: LinearOperators, weights: WeightValues, x: Value, name: string): Value {
  const product = g.matmulTransposed(x, weights.get(`${name}.weight`)!);
  const bias = weights.get(`${name}.bias`);
  return bias ? g.add(product, bias) : product;
}
