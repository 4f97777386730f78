import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture, ModelConfig } from './families/family.js';
import type { WeightValues } from './families/linear.js';
import { openArchitecture, readArchitecture } from './families/read-architecture.js';
import { copyFolderFiles } from './folder-files.js';
import type { Graph } from './graph/graph.js';
import { SessionCache } from './graph/session.js';
import { constant, float32, type Tensors } from './graph/tensor.js';
import { ParameterSet } from './weights/parameters.js';
import { readWeights } from './weights/read-weights.js';
import { takeParameters } from './weights/take-parameters.js';
import { writeSafetensors, type StoredType } from './weights/safetensors.js';

/** A causal language model: its weights, in memory once, and the compiled graphs that run them. */
export class CausalLM {
  constructor(
    readonly architecture: Architecture,
    readonly parameters: ParameterSet,
    readonly sessions = new SessionCache(),
  ) {}

  /**
   * Loads a Hugging Face folder. Every weight is trainable.
   * @throws {InputError} when a file is missing or damaged, or the weights are not those that the config describes.
   */
  static async load(folder: string): Promise<CausalLM> {
    const architecture = await readArchitecture(folder);
    const stored = await readWeights(folder);
    return new CausalLM(architecture, new ParameterSet(takeParameters(architecture, stored, folder)));
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
    const { dtype, torch_dtype: _, ...source } = this.config.source;
    const spelling = dtype === undefined ? 'torch_dtype' : 'dtype';
    const stored = { ...source, [spelling]: { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }[type] };
    await writeFile(path.join(folder, 'config.json'), `${JSON.stringify(stored, null, 2)}\n`);
    await copyFolderFiles(companions, folder);
    await writeSafetensors(path.join(folder, 'model.safetensors'), this.parameters, type);
  }

  /**
   * The same weights, which nothing will train any more: they are copied to a thread once. Its compiled graphs are its own: they may have the
   * weights in them.
   */
  freeze(): CausalLM {
    return new CausalLM(this.architecture, new ParameterSet(new Map(), new Map(this.parameters)));
  }

  /** Declares every weight as an input of a graph, so that all graphs share one copy in memory. */
  declareParameters(graph: Graph): WeightValues {
    return new Map(
      [...this.parameters].map(([name, { shape }]) => [name, graph.input(name, 'float32', shape)]),
    );
  }

  /**
   * Frozen weights as constants of a graph: one more copy of them in memory, which ONNX Runtime packs for its products once,
   * and not for each of them. It does so for the graph that has the constants and for loops in it, but not in loops of those.
   */
  frozenConstants(graph: Graph): WeightValues {
    return new Map(
      [...this.parameters.frozen].map(([name, { shape, data }]) => [name, graph.float32(data, shape)]),
    );
  }

  /** Weights as graph inputs; they share memory with `parameters`. */
  feeds(): Tensors {
    const { frozen, trainable } = this.parameters;
    return Object.fromEntries([
      ...[...frozen].map(([name, { shape, data }]) => [name, constant(data, shape)] as const),
      ...[...trainable].map(([name, { shape, data }]) => [name, float32(data, shape)] as const),
    ]);
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
