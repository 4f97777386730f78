/**
 * Fields of config.json that no forward pass reads: where the model comes from, how tools start, train or sample it, and
 * which ids mark what. Everything that is in neither this list, nor the next, nor a family's own schema is refused.
 */
const HARMLESS: ReadonlySet<string> = new Set([
  // Origin and tools.
  '_attn_implementation',
  '_attn_implementation_autoset',
  '_commit_hash',
  '_flash_attn_2_enabled',
  '_from_model_config',
  '_name_or_path',
  'architectures',
  'attn_implementation',
  'finetuning_task',
  'is_llama_config',
  'license',
  'model_name',
  'name_or_path',
  'task_specific_params',
  'tokenizer_class',
  'torchscript',
  'transformers.js_config',
  'transformers_version',
  'unsloth_fixed',
  'unsloth_version',
  // What is kept, returned or cut into pieces on the way; the numbers are the same.
  'chunk_size_feed_forward',
  'output_attentions',
  'output_hidden_states',
  'pretraining_tp',
  'return_dict',
  'use_cache',
  // How weights are stored, and how new ones are drawn.
  'dtype',
  'initializer_range',
  'torch_dtype',
  // Dropout and losses of somebody's training. Dropout is off wherever log-probabilities are computed.
  'attention_dropout',
  'classifier_dropout',
  'embd_pdrop',
  'resid_pdrop',
  // Heads of other tasks.
  'id2label',
  'label2id',
  'num_labels',
  'problem_type',
  // Ids that templates and tools use.
  'bos_token_id',
  'decoder_start_token_id',
  'pad_token_id',
  'sep_token_id',
  'unk_token_id',
  // How answers used to be sampled: a run's own settings say so here.
  'bad_words_ids',
  'begin_suppress_tokens',
  'diversity_penalty',
  'do_sample',
  'early_stopping',
  'encoder_no_repeat_ngram_size',
  'exponential_decay_length_penalty',
  'forced_bos_token_id',
  'forced_eos_token_id',
  'length_penalty',
  'max_length',
  'min_length',
  'no_repeat_ngram_size',
  'num_beam_groups',
  'num_beams',
  'num_return_sequences',
  'output_scores',
  'prefix',
  'remove_invalid_values',
  'repetition_penalty',
  'return_dict_in_generate',
  'suppress_tokens',
  'temperature',
  'top_k',
  'top_p',
  'typical_p',
]);

/** Fields that would change the arithmetic, with the one value at which they do not. */
const INERT: Readonly<Record<string, unknown>> = {
  add_cross_attention: false,
  is_decoder: false,
  is_encoder_decoder: false,
  partial_rotary_factor: 1,
  pruned_heads: {},
  rope_interleaved: false,
  tf_legacy_loss: false,
  tie_encoder_decoder: false,
  use_bfloat16: false,
  use_mrope: false,
};

/**
 * What is wrong with the fields that a family's schema does not read. Null is no value: it asks for nothing.
 * @param understood the fields that the family reads
 */
export function unknownFields(source: object, understood: ReadonlySet<string>): string[] {
  return Object.entries(source).flatMap(([name, value]) => {
    if (value === null || understood.has(name) || HARMLESS.has(name)) return [];
    if (Object.hasOwn(INERT, name)) {
      const inert = JSON.stringify(INERT[name]);
      const found = JSON.stringify(value);
      return found === inert ? [] : [`${name}: ${found}; the engine computes ${inert} only`];
    }
    return [
      `${name}: the engine does not know this field, and it may change what the model computes; ` +
        'where you know that it does not, remove it from config.json',
    ];
  });
}
