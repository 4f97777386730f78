import { availableParallelism } from 'node:os';

export { ADAMW_DEFAULTS } from './optimize/adamw-options.js';

/** What ONNX Runtime may compute training with, where it and the machine have it: by its own names. */
export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** How the engine shares the machine with others: one answer for the process. */
export interface EngineSettings {
  /** Bytes that it may take, weights included. */
  memory: number;
  /** Cores that it computes on. */
  threads: number;
  /** What training computes with. Decoding stays on the CPU: providers of ONNX Runtime 1.30 crash in its loops. */
  provider: Provider;
}

/** The rest is for the process itself, and for what starts later. */
const SHARE = 3 / 4;
const DEFAULTS: EngineSettings = {
  // Of the machine or of the container, whichever ends first.
  memory: SHARE * process.availableMemory(),
  threads: availableParallelism(),
  provider: 'cpu',
};
let settings = DEFAULTS;

/** What holds now. Default: three quarters of the memory that was free when the engine was loaded, and every core. */
export const engineSettings = (): Readonly<EngineSettings> => settings;

/** For whatever is computed from now on: what is not given is as by default, whatever was set before. */
export function configureEngine({
  memory = DEFAULTS.memory,
  threads = DEFAULTS.threads,
  provider = DEFAULTS.provider,
}: {
  [K in keyof EngineSettings]?: EngineSettings[K] | undefined;
}): void {
  settings = { memory, threads, provider };
}
