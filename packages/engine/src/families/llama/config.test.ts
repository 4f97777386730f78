import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLlamaConfig } from './config.js';
import { rotaryTables } from './rope.js';

const PLAIN = {
  model_type: 'llama',
  vocab_size: 128,
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5,
};
const LLAMA3 = { factor: 32, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 512 };
const parse = (more: object) => parseLlamaConfig({ ...PLAIN, ...more }, 'config.json');
const refusal = (more: object): string => {
  try {
    parse(more);
    return 'nothing is refused';
  } catch (error) {
    expect(InputError.is(error)).toBe(true);
    return (error as Error).message;
  }
};

describe('config.json', () => {
  it.each([
    ['plain', { rope_theta: 130_000 }, { rope_parameters: { rope_theta: 130_000, rope_type: 'default' } }],
    [
      'Llama 3',
      { rope_theta: 500_000, rope_scaling: { rope_type: 'llama3', ...LLAMA3 } },
      { rope_parameters: { rope_theta: 500_000, rope_type: 'llama3', ...LLAMA3 } },
    ],
    [
      'linear, in the oldest and the newest words',
      { rope_theta: 5000, rope_scaling: { type: 'linear', factor: 3 } },
      {
        rope_parameters: {
          full_attention: { rope_type: 'linear', type: 'linear', factor: 3, rope_theta: 5000 },
          sliding_attention: null,
        },
      },
    ],
  ])('reads rotary positions in every spelling: %s', (_, before, now) => {
    const tables = [before, now, { ...before, ...now }].map((each) => rotaryTables(parse(each), 40));
    expect(tables[1]).toEqual(tables[0]);
    expect(tables[2]).toEqual(tables[0]);
    expect(rotaryTables(parse({}), 40)).not.toEqual(tables[0]);
    // What is saved says it once, and reads the same.
    const { source } = parse({ ...before, ...now });
    expect(Object.keys(source).filter((key) => key.startsWith('rope_'))).toEqual(['rope_parameters']);
    expect(rotaryTables(parseLlamaConfig(source, ''), 40)).toEqual(tables[0]);
  });

  it.each<[object, RegExp]>([
    [{ rope_theta: 1e4, rope_parameters: { rope_theta: 1e6 } }, /stated as 10000 and as 1000000/],
    [
      { rope_scaling: null, rope_parameters: { rope_theta: 1e4, rope_type: 'linear', factor: 2 } },
      /contradict/,
    ],
    [{ rope_theta: 1e4, rope_scaling: { type: 'linear', rope_type: 'llama3', factor: 2 } }, /contradict/],
    [{ rope_scaling: { rope_type: 'linear', factor: 2 } }, /rope_theta is missing/],
    [{ rope_theta: 1e4, rope_scaling: { rope_type: 'yarn', factor: 4 } }, /"yarn" is not supported/],
    [{ rope_theta: 1e4, rope_scaling: { rope_type: 'llama3', factor: 8 } }, /rope_scaling.low_freq_factor/],
    [{ rope_theta: 1e4, rope_scaling: { factor: 8 } }, /rope_scaling.factor: has no meaning/],
    [{ rope_theta: 1e4, rope_scaling: { rope_type: 'linear', factor: 8, mscale: 1 } }, /mscale/],
    [{ rope_parameters: { rope_theta: 1e4, partial_rotary_factor: 0.5 } }, /partial_rotary_factor/],
    [
      { rope_parameters: { full_attention: {}, sliding_attention: { rope_theta: 1 } } },
      /full attention only/,
    ],
    [{ partial_rotary_factor: 0.25 }, /partial_rotary_factor: 0.25/],
    [{ rope_interleaved: true }, /rope_interleaved: true/],
    [{ final_logit_softcapping: 30 }, /final_logit_softcapping: the engine does not know/],
    [{ quantization_config: { bits: 4 } }, /quantization_config/],
    [{ auto_map: { AutoModelForCausalLM: 'modeling.M' } }, /auto_map/],
    [{ layer_types: ['full_attention', 'sliding_attention'] }, /layer_types/],
    [{ layer_types: ['full_attention'] }, /layer_types: 1 for 2 layers/],
    [{ model_type: 'mistral', max_position_embeddings: 8192 }, /sliding_window 4096/],
    [{ model_type: 'qwen2', use_sliding_window: true, sliding_window: 512 }, /sliding_window 512/],
    [{ model_type: 'qwen2', attention_bias: false }, /attention_bias: false/],
    [{ model_type: 'mistral', sliding_window: null, mlp_bias: true }, /mlp_bias: true/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers/],
    [{ hidden_act: 'gelu' }, /hidden_act/],
  ])('refuses by name what would change the numbers: %j', (more, expected) => {
    expect(refusal(more)).toMatch(expected);
  });

  it('opens the fields that true checkpoints have', () => {
    const llama = parse({
      architectures: ['LlamaForCausalLM'],
      attention_dropout: 0,
      bos_token_id: 1,
      dtype: 'bfloat16',
      head_dim: 16,
      initializer_range: 0.02,
      is_llama_config: true,
      pretraining_tp: 1,
      rope_interleaved: false,
      'transformers.js_config': {},
      transformers_version: '5.1.0',
      unsloth_version: '2025',
      use_cache: true,
      eos_token_id: [7, 8],
    });
    expect(llama.eosTokens).toEqual([7, 8]);
    const qwen2 = { max_window_layers: 28, sliding_window: 128, use_sliding_window: false, use_mrope: false };
    expect(parse({ model_type: 'qwen2', ...qwen2 })).toMatchObject({
      attentionBias: true,
      outputBias: false,
    });
    expect(parse({ model_type: 'mistral', sliding_window: null }).attentionBias).toBe(false);
  });

  it('refuses or opens whatever a field says, and never breaks', () => {
    const fields = [
      'rope_scaling',
      'rope_parameters',
      'rope_theta',
      'eos_token_id',
      'layer_types',
      'head_dim',
      'new',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()), (more) => {
        refusal(more);
      }),
    );
  });
});
