import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { ModelConfig } from '../family.js';

/** Values of `model_type` that this family runs. */
export const MODEL_TYPES = ['llama', 'mistral', 'qwen2'] as const;

const ropeScalingSchema = z.looseObject({
  rope_type: z.string().optional(),
  type: z.string().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.number().optional(),
});

const configSchema = z.looseObject({
  model_type: z.enum(MODEL_TYPES),
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  intermediate_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  num_key_value_heads: z.int().positive().optional(),
  head_dim: z.int().positive().nullish(),
  max_position_embeddings: z.int().positive(),
  rms_norm_eps: z.number().positive(),
  rope_theta: z.number().positive().default(10_000),
  rope_scaling: ropeScalingSchema.nullish(),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().optional(),
  mlp_bias: z.boolean().default(false),
  hidden_act: z.literal('silu').default('silu'),
  sliding_window: z.int().nullish(),
  use_sliding_window: z.boolean().optional(),
  bos_token_id: z.int().nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});

/** Architecture of a Llama-family model, from Hugging Face's config.json. */
export interface LlamaConfig extends ModelConfig {
  hidden: number;
  intermediate: number;
  layers: number;
  heads: number;
  keyValueHeads: number;
  headSize: number;
  normEpsilon: number;
  ropeTheta: number;
  ropeScaling: z.infer<typeof ropeScalingSchema> | null;
  tiedEmbeddings: boolean;
  attentionBias: boolean;
  /** Whether the attention's output projection has a bias too (Llama: as the others; Qwen2: never). */
  outputBias: boolean;
  mlpBias: boolean;
}

/**
 * Reads config.json's content.
 * @throws {InputError} naming each field that is missing or that the engine cannot run.
 */
export function parseLlamaConfig(source: unknown, file: string): LlamaConfig {
  const parsed = configSchema.safeParse(source);
  if (!parsed.success) {
    throw new InputError(
      parsed.error.issues.map((issue) => ({
        place: { file },
        message: `${issue.path.join('.') || 'config'}: ${issue.message} (the engine runs Llama-family models)`,
      })),
    );
  }
  const c = parsed.data;
  if (c.sliding_window && c.use_sliding_window !== false && c.sliding_window < c.max_position_embeddings) {
    throw InputError.at({ file }, `sliding_window ${c.sliding_window}: the engine has full attention only`);
  }
  const keyValueHeads = c.num_key_value_heads ?? c.num_attention_heads;
  if (c.num_attention_heads % keyValueHeads !== 0) {
    throw InputError.at(
      { file },
      `num_attention_heads ${c.num_attention_heads} is not a multiple of num_key_value_heads ${keyValueHeads}`,
    );
  }
  const headSize = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  if (headSize % 16 !== 0) {
    throw InputError.at({ file }, `head size ${headSize}: expected a multiple of 16, which decoding needs`);
  }
  const attentionBias = c.attention_bias ?? c.model_type === 'qwen2';
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
    ropeTheta: c.rope_theta,
    ropeScaling: c.rope_scaling ?? null,
    tiedEmbeddings: c.tie_word_embeddings,
    attentionBias,
    outputBias: attentionBias && c.model_type !== 'qwen2',
    mlpBias: c.mlp_bias,
    eosTokens: c.eos_token_id == null ? [] : [c.eos_token_id].flat(),
    source: c as Record<string, unknown>,
  };
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
