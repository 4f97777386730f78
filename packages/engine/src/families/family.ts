import type { TokenLayout } from '../graph/token-tables.js';
import type { DifferentiableGraph } from '../graph/autodiff.js';
import type { Graph, Value } from '../graph/graph.js';
import type { TokenScores } from '../graph/log-probability.js';
import type { Parameter } from '../weights/parameters.js';
import type { WeightValues } from './linear.js';
import type { TokenProducts } from './token-products.js';

/** What the engine needs to know of any model. */
export interface ModelConfig {
  vocabulary: number;
  layers: number;
  /** Width of the residual stream, and of the feed-forward layer. */
  hidden: number;
  intermediate: number;
  heads: number;
  /** Query heads share them in groups. */
  keyValueHeads: number;
  headSize: number;
  /** Prompt and answer together have at most this many tokens. */
  maxPositions: number;
  /** Tokens that end an answer, the one that ends a turn first. */
  eosTokens: number[];
  /** config.json as it was read, each fact stated once; written back on save. */
  source: Record<string, unknown>;
}

/** What attention needs to know of a model. */
export interface AttentionShape {
  layers: number;
  heads: number;
  keyValueHeads: number;
  headSize: number;
  /** Of the rotary embedding, [positions, headSize / 2]. */
  cos: Value;
  sin: Value;
}

/**
 * Attention of one layer over what has been read: rotates queries and keys, and keeps keys and values.
 * @param projected query [rows, tokens, heads · headSize], key and value [rows, tokens, keyValueHeads · headSize]
 * @returns [rows, tokens, heads · headSize]
 */
export type Attend = (layer: number, projected: { query: Value; key: Value; value: Value }) => Value;

/** The forward pass of decoding. How it attends, and so what it keeps of the tokens before, is its caller's choice. */
export interface Decoder {
  readonly attention: AttentionShape;
  /**
   * @param g the graph to compute in: the one that the decoder was made for, or one nested in it
   * @param tokens int32 [rows, tokens]
   * @returns hidden states [rows, tokens, hidden]
   */
  forward(g: Graph, tokens: Value, attend: Attend, products: TokenProducts): Value;
  /** Logits of one token a row, [rows, vocabulary], times `scale`. */
  logits(g: Graph, hidden: Value, scale: number, products: TokenProducts): Value;
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
   * Log-probabilities of chosen next tokens, and the entropy of what they are drawn from; differentiable.
   * @param inputs.tokens int32 [tokens]
   * @param inputs.positions int64 [tokens, 1]: each token's position in its sequence, below `maxPositions`
   * @param inputs.layout which tokens are a prompt's and which its answers'
   * @param inputs.scored int32 [n]: tokens whose next one is scored
   * @param inputs.targets int32 [n]: that next one
   * @param temperature logits are divided by it, as when sampling
   */
  scores(
    graph: DifferentiableGraph,
    weights: WeightValues,
    inputs: { tokens: Value; positions: Value; layout: TokenLayout; scored: Value; targets: Value },
    temperature: number,
    withEntropy: boolean,
  ): TokenScores;
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
