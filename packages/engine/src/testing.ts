import { CausalLM } from './model.js';

/** A tiny random model with every feature that changes the arithmetic: grouped queries, biases, tied or separate head. */
export function tinyModel(overrides: Record<string, unknown> = {}, seed = 1): CausalLM {
  return CausalLM.initialise(
    {
      model_type: 'llama',
      vocab_size: 37,
      hidden_size: 64,
      intermediate_size: 48,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      max_position_embeddings: 256,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      tie_word_embeddings: true,
      eos_token_id: 1,
      ...overrides,
    },
    seed,
  );
}
