import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import { unknownFields } from '../config-fields.js';
import type { ModelConfig } from '../family.js';
import { readRope, ropeStatedOnce, type Rope } from './rope-config.js';

/** Values of `model_type` that this family runs. */
export const MODEL_TYPES = ['llama', 'mistral', 'qwen2'] as const;

const bias = z.boolean().nullish();
/** More layers than any model has: a damaged number, for which nobody wants to make a list of weights. */
const MOST_LAYERS = 1000;

/** Every field that is read, with what it means for the arithmetic. */
const configSchema = z.looseObject({
  /** Which projections have biases, and what an absent window means. */
  model_type: z.enum(MODEL_TYPES),
  /** Rows of the embedding. */
  vocab_size: z.int().positive(),
  /** Width of the residual stream. */
  hidden_size: z.int().positive(),
  /** Width of the feed-forward layer. */
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive().max(MOST_LAYERS),
  num_attention_heads: z.int().positive(),
  /** Query heads share them in groups; absent: one a query head. */
  num_key_value_heads: z.int().positive().nullish(),
  /** Absent: hidden_size / num_attention_heads. */
  head_dim: z.int().positive().nullish(),
  /** Prompt and answer together are at most as long. */
  max_position_embeddings: z.int().positive(),
  rms_norm_eps: z.number().positive(),
  /** These three: see `readRope`. */
  rope_theta: z.number().positive().nullish(),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
  /** The head is the embedding. */
  tie_word_embeddings: z.boolean().default(false),
  /** Biases of the attention's projections, and of the feed-forward layer's. */
  attention_bias: bias,
  mlp_bias: bias,
  /** Activation of the feed-forward layer's gate. */
  hidden_act: z.literal('silu').default('silu'),
  /** How far back a token sees. */
  sliding_window: z.int().nullish(),
  use_sliding_window: z.boolean().nullish(),
  /** Layers that have the window, where it is used; the engine runs no model that uses it. */
  max_window_layers: z.int().nullish(),
  layer_types: z.array(z.literal('full_attention')).nullish(),
  /** Tokens that end an answer. */
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});
type ConfigFields = z.infer<typeof configSchema>;
const UNDERSTOOD = new Set(Object.keys(configSchema.shape));

/** Architecture of a Llama-family model, from Hugging Face's config.json. */
export interface LlamaConfig extends ModelConfig {
  normEpsilon: number;
  rope: Rope;
  tiedEmbeddings: boolean;
  attentionBias: boolean;
  /** Whether the attention's output projection has a bias too (Llama: as the others; Qwen2: never). */
  outputBias: boolean;
  mlpBias: boolean;
}

/**
 * Reads config.json's content.
 * @throws {InputError} naming each field that is missing, that the engine cannot run, or that it does not know.
 */
export function parseLlamaConfig(source: unknown, file: string): LlamaConfig {
  const parsed = configSchema.safeParse(source);
  const problems = parsed.success
    ? unknownFields(parsed.data, UNDERSTOOD)
    : parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'config'}: ${message}`);
  if (!parsed.success || problems.length > 0) {
    const hint = parsed.success ? '' : ' (the engine runs Llama-family models)';
    throw new InputError(problems.map((problem) => ({ place: { file }, message: `${problem}${hint}` })));
  }
  try {
    return configOf(parsed.data, source as Record<string, unknown>);
  } catch (cause) {
    throw InputError.at({ file }, (cause as Error).message, { cause });
  }
}

/** @throws {Error} saying which fields do not go together, or what the engine cannot run. */
function configOf(c: ConfigFields, source: Record<string, unknown>): LlamaConfig {
  const window = windowOf(c);
  if (window != null && window < c.max_position_embeddings) {
    throw new Error(
      `sliding_window ${window}: the engine has full attention only; a copy of the model with ` +
        `max_position_embeddings ${window} can be used within the window`,
    );
  }
  if (c.layer_types && c.layer_types.length !== c.num_hidden_layers)
    throw new Error(`layer_types: ${c.layer_types.length} for ${c.num_hidden_layers} layers`);
  const keyValueHeads = c.num_key_value_heads ?? c.num_attention_heads;
  if (c.num_attention_heads % keyValueHeads !== 0) {
    throw new Error(
      `num_attention_heads ${c.num_attention_heads} is not a multiple of num_key_value_heads ${keyValueHeads}`,
    );
  }
  const headSize = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  if (headSize % 16 !== 0)
    throw new Error(`head size ${headSize}: expected a multiple of 16, which decoding needs`);
  const rope = readRope(c);
  const attentionBias = biasOf(c, 'attention_bias', c.model_type === 'qwen2');
  return {
    vocabulary: c.vocab_size,
    hidden: c.hidden_size,
    intermediate: c.intermediate_size,
    layers: c.num_hidden_layers,
    heads: c.num_attention_heads,
    keyValueHeads,
    headSize,
    maxPositions: c.max_position_embeddings,
    normEpsilon: c.rms_norm_eps,
    rope,
    tiedEmbeddings: c.tie_word_embeddings,
    attentionBias,
    outputBias: attentionBias && c.model_type !== 'qwen2',
    mlpBias: biasOf(c, 'mlp_bias', false),
    eosTokens: c.eos_token_id == null ? [] : [c.eos_token_id].flat(),
    source: ropeStatedOnce(source, rope),
  };
}

/** Llama's biases are a setting; those of the others are part of the family, whatever a field says. */
function biasOf(c: ConfigFields, field: 'attention_bias' | 'mlp_bias', usual: boolean): boolean {
  const value = c[field] ?? usual;
  if (c.model_type === 'llama' || value === usual) return value;
  throw new Error(
    `${field}: ${value}, but models of type ${c.model_type} have ${usual ? '' : 'no '}such biases`,
  );
}

/** Where the field is absent, transformers gives Mistral a window of 4096, and Qwen2 none unless it is asked for. */
function windowOf({ model_type, sliding_window, use_sliding_window }: ConfigFields): number | null {
  const usual = model_type === 'llama' ? null : 4096;
  const isOff =
    model_type === 'qwen2' ? !use_sliding_window : model_type === 'llama' && use_sliding_window === false;
  return isOff ? null : sliding_window === undefined ? usual : sliding_window;
}

/** Names and shapes of every weight, in the order and layout ([out, in]) of Hugging Face. */
export function parameterShapes(c: LlamaConfig): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  const linear = (name: string, out: number, into: number, bias: boolean): void => {
    shapes.set(`${name}.weight`, [out, into]);
    if (bias) shapes.set(`${name}.bias`, [out]);
  };
  shapes.set('model.embed_tokens.weight', [c.vocabulary, c.hidden]);
  for (let l = 0; l < c.layers; l++) {
    const layer = `model.layers.${l}`;
    shapes.set(`${layer}.input_layernorm.weight`, [c.hidden]);
    linear(`${layer}.self_attn.q_proj`, c.heads * c.headSize, c.hidden, c.attentionBias);
    linear(`${layer}.self_attn.k_proj`, c.keyValueHeads * c.headSize, c.hidden, c.attentionBias);
    linear(`${layer}.self_attn.v_proj`, c.keyValueHeads * c.headSize, c.hidden, c.attentionBias);
    linear(`${layer}.self_attn.o_proj`, c.hidden, c.heads * c.headSize, c.outputBias);
    shapes.set(`${layer}.post_attention_layernorm.weight`, [c.hidden]);
    linear(`${layer}.mlp.gate_proj`, c.intermediate, c.hidden, c.mlpBias);
    linear(`${layer}.mlp.up_proj`, c.intermediate, c.hidden, c.mlpBias);
    linear(`${layer}.mlp.down_proj`, c.hidden, c.intermediate, c.mlpBias);
  }
  shapes.set('model.norm.weight', [c.hidden]);
  if (!c.tiedEmbeddings) shapes.set('lm_head.weight', [c.vocabulary, c.hidden]);
  return shapes;
}

/** Name of the matrix that turns hidden states into logits. */
export const headName = (config: LlamaConfig): string =>
  config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';

/** See `Architecture.repeats`: tied heads and tables of frequencies are stored by some tools. */
export function repeatedBy(config: LlamaConfig, name: string): string | null | undefined {
  if (name.endsWith('.rotary_emb.inv_freq')) return null;
  return config.tiedEmbeddings && name === 'lm_head.weight' ? headName(config) : undefined;
}
