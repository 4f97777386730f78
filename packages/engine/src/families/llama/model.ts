import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError, random } from '@touchstone/spec';
import { SessionCache } from '../../graph/session.js';
import { float32, shared, type Tensors } from '../../graph/tensor.js';
import { parameterShapes, parseLlamaConfig, readLlamaConfig, type LlamaConfig } from './config.js';
import {
  readSafetensors,
  writeSafetensors,
  type Parameter,
  type StoredType,
} from '../../weights/safetensors.js';

/** Files besides config and weights that belong to a model folder. */
const COMPANIONS = [
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'special_tokens_map.json',
];

/** Weights of a Llama-family model, in memory once, and the compiled graphs that run them. */
export class LlamaModel {
  readonly parameters: Map<string, Parameter>;

  constructor(
    readonly config: LlamaConfig,
    parameters: ReadonlyMap<string, Parameter>,
    readonly sessions = new SessionCache(),
  ) {
    this.parameters = new Map(
      [...parameters].map(([name, { shape, data }]) => [name, { shape, data: shared(data) }]),
    );
  }

  /**
   * Loads config.json and model.safetensors (or its shards).
   * @throws {InputError} when a file is missing, damaged, or lacks a weight that the config promises.
   */
  static async load(folder: string): Promise<LlamaModel> {
    const config = await readLlamaConfig(folder);
    const stored = await readWeights(folder);
    const parameters = new Map<string, Parameter>();
    for (const [name, shape] of parameterShapes(config)) {
      const found = stored.get(name);
      if (!found) throw InputError.at({ file: folder }, `weight ${name} is missing`);
      if (found.shape.join() !== shape.join()) {
        throw InputError.at(
          { file: folder },
          `weight ${name}: expected shape [${shape}], found [${found.shape}]`,
        );
      }
      parameters.set(name, found);
    }
    return new LlamaModel(config, parameters);
  }

  /**
   * A new model with normal weights: deviation 0.05 for embeddings, 0.6/√inputs for projections, and 1/√(inputs·2·layers)
   * for those into the residual stream.
   */
  static initialise(source: Record<string, unknown>, seed: number): LlamaModel {
    const config = parseLlamaConfig(source, 'config.json');
    const parameters = new Map<string, Parameter>();
    for (const [name, shape] of parameterShapes(config)) {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      if (name.endsWith('norm.weight')) data.fill(1);
      else if (!name.endsWith('.bias')) {
        const residual = /(o_proj|down_proj)/.test(name);
        const deviation = name.includes('embed')
          ? 0.05
          : Math.sqrt(1 / shape[1]!) * (residual ? 1 / Math.sqrt(2 * config.layers) : 0.6);
        const draw = random(seed, 'init', name);
        for (let i = 0; i < data.length; i++) data[i] = draw.normal() * deviation;
      }
      parameters.set(name, { shape, data });
    }
    return new LlamaModel(config, parameters);
  }

  /** A copy that trains independently; the compiled graphs are shared. */
  clone(): LlamaModel {
    return new LlamaModel(
      this.config,
      new Map([...this.parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }])),
      this.sessions,
    );
  }

  /** Writes a Hugging Face folder; tokenizer files are copied from `companions`. */
  async save(folder: string, companions: string, type: StoredType = 'F32'): Promise<void> {
    await mkdir(folder, { recursive: true });
    const dtype = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[type];
    const source = { ...this.config.source, torch_dtype: dtype };
    await writeFile(path.join(folder, 'config.json'), `${JSON.stringify(source, null, 2)}\n`);
    for (const file of COMPANIONS) {
      await copyFile(path.join(companions, file), path.join(folder, file)).catch(
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        },
      );
    }
    await writeSafetensors(path.join(folder, 'model.safetensors'), this.parameters, type);
  }

  /** Weights as graph inputs; they share memory with `parameters`. */
  feeds(): Tensors {
    return Object.fromEntries(
      [...this.parameters].map(([name, { shape, data }]) => [name, float32(data, shape)]),
    );
  }

  get size(): number {
    return [...this.parameters.values()].reduce((sum, { data }) => sum + data.length, 0);
  }

  /** SHA-256 of all weights, 16 hex digits: tells checkpoints apart. */
  fingerprint(): string {
    const hash = createHash('sha256');
    for (const [name, { data }] of this.parameters) {
      hash.update(name);
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    return hash.digest('hex').slice(0, 16);
  }
}

async function readWeights(folder: string): Promise<Map<string, Parameter>> {
  const index = path.join(folder, 'model.safetensors.index.json');
  const text = await readFile(index, 'utf8').catch(() => null);
  if (text === null) return readSafetensors(path.join(folder, 'model.safetensors'));
  const { weight_map: map } = JSON.parse(text) as { weight_map?: Record<string, unknown> };
  const files = new Set(Object.values(map ?? {}));
  const all = new Map<string, Parameter>();
  for (const file of files) {
    if (typeof file !== 'string' || path.basename(file) !== file) {
      throw InputError.at(
        { file: index },
        `weight_map names ${JSON.stringify(file)}; expected a file name in the folder`,
      );
    }
    for (const [name, parameter] of await readSafetensors(path.join(folder, file))) all.set(name, parameter);
  }
  return all;
}
