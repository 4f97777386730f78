import { createHash } from 'node:crypto';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '@touchstone/spec';
import type { Architecture, ModelConfig, WeightValues } from './families/family.js';
import { openArchitecture, readArchitecture } from './families/read-architecture.js';
import type { Graph } from './graph/graph.js';
import { SessionCache } from './graph/session.js';
import { float32, type Tensors } from './graph/tensor.js';
import { ParameterSet, type Parameter } from './weights/parameters.js';
import { readWeights } from './weights/read-weights.js';
import { writeSafetensors, type StoredType } from './weights/safetensors.js';

/** Files besides config and weights that belong to a model folder. */
const COMPANIONS = [
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'special_tokens_map.json',
];

/** A causal language model: its weights, in memory once, and the compiled graphs that run them. */
export class CausalLM {
  constructor(
    readonly architecture: Architecture,
    readonly parameters: ParameterSet,
    readonly sessions = new SessionCache(),
  ) {}

  /**
   * Loads a Hugging Face folder. Every weight is trainable.
   * @throws {InputError} when a file is missing, damaged, or lacks a weight that the config promises.
   */
  static async load(folder: string): Promise<CausalLM> {
    const architecture = await readArchitecture(folder);
    const stored = await readWeights(folder);
    const parameters = new Map<string, Parameter>();
    for (const [name, shape] of architecture.parameterShapes()) {
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
    return new CausalLM(architecture, new ParameterSet(parameters));
  }

  /** A new model with random weights, as a config.json describes it. */
  static initialise(source: Record<string, unknown>, seed: number): CausalLM {
    const architecture = openArchitecture(source, 'config.json');
    return new CausalLM(architecture, new ParameterSet(architecture.initialise(seed)));
  }

  get config(): ModelConfig {
    return this.architecture.config;
  }

  /** A copy that trains independently; the compiled graphs are shared. */
  clone(): CausalLM {
    return new CausalLM(this.architecture, this.parameters.clone(), this.sessions);
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

  /** Declares every weight as an input of a graph, so that all graphs share one copy in memory. */
  declareParameters(graph: Graph): WeightValues {
    return new Map(
      [...this.parameters].map(([name, { shape }]) => [name, graph.input(name, 'float32', shape)]),
    );
  }

  /** Weights as graph inputs; they share memory with `parameters`. */
  feeds(): Tensors {
    return Object.fromEntries(
      [...this.parameters].map(([name, { shape, data }]) => [name, float32(data, shape)]),
    );
  }

  get size(): number {
    return [...this.parameters].reduce((sum, [, { data }]) => sum + data.length, 0);
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
