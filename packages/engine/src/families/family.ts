import type { DifferentiableGraph } from '../graph/autodiff.js';
import type { Graph, Value } from '../graph/graph.js';
import type { Parameter } from '../weights/parameters.js';

/** What the engine needs to know of any model. */
export interface ModelConfig {
  vocabulary: number;
  /** Prompt and answer together have at most this many tokens. */
  maxPositions: number;
  /** Tokens that end an answer, the one that ends a turn first. */
  eosTokens: number[];
  /** config.json as it was read, each fact stated once; written back on save. */
  source: Record<string, unknown>;
}

/** Weights as values of a graph, by Hugging Face's names. */
export type WeightValues = ReadonlyMap<string, Value>;

/** Keys and values of one layer. */
export interface LayerCache {
  key: Value;
  value: Value;
}

/** The forward pass of decoding, which reads new tokens given what it keeps of those before. */
export interface Decoder {
  /** Dimensions of a layer's keys and of its values, `length` tokens of them. */
  cacheDims(length: string): (number | string)[];
  /**
   * @param g the graph to compute in: the one that the decoder was made for, or one nested in it
   * @param tokens int32 [rows, tokens]
   * @param pasts of each layer; null when nothing has been read
   * @param context.lengths int32 [rows]: tokens of the row, new ones included, less one
   * @param context.width int32 [1]: tokens of the longest row
   * @returns hidden states [rows, tokens, hidden], and each layer's cache with the new tokens
   */
  forward(
    g: Graph,
    tokens: Value,
    pasts: readonly LayerCache[] | null,
    context: { lengths: Value; width: Value },
  ): { hidden: Value; caches: LayerCache[] };
  /** Logits [rows · tokens, vocabulary], times `scale`. */
  logits(g: Graph, hidden: Value, scale: number): Value;
}

/** A model's architecture: its weights, and what is computed with them. */
export interface Architecture {
  readonly config: ModelConfig;
  /** Names and shapes of every weight, in the order and layout ([out, in]) of Hugging Face. */
  parameterShapes(): Map<string, number[]>;
  /**
   * What a stored tensor that is none of these weights repeats: the name of a weight, or null where the engine computes it
   * from config.json. Undefined: the architecture has no such tensor.
   */
  repeats(name: string): string | null | undefined;
  /** Fresh random weights. */
  initialise(seed: number): Map<string, Parameter>;
  /**
   * Log-probabilities of chosen next tokens, differentiable.
   * @param inputs.tokens int32 [batch · length], rows padded on the right
   * @param inputs.positions int32 [n]: rows of `tokens` whose next token is scored
   * @param inputs.targets int32 [n, 1]: that next token
   * @param temperature logits are divided by it, as when sampling
   * @returns [n, 1]
   */
  logProbabilities(
    graph: DifferentiableGraph,
    weights: WeightValues,
    inputs: { tokens: Value; positions: Value; targets: Value; batch: number; length: number },
    temperature: number,
  ): Value;
  /** @param positions tokens that a row may have */
  decoder(graph: Graph, weights: WeightValues, positions: number): Decoder;
}

/** An entry of the table of families. */
export interface Family {
  /** Values of `model_type` in config.json. */
  modelTypes: readonly string[];
  /**
   * @param source content of config.json
   * @throws {InputError} naming each field that is missing or that the engine cannot run.
   */
  open(source: unknown, file: string): Architecture;
}

export const defineFamily = (family: Family): Family => family;
