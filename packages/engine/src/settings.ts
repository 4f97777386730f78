import { availableParallelism } from 'node:os';

/** How the engine shares the machine with others: one answer for the process. */
export interface EngineSettings {
  /** Bytes that it may take, weights included. */
  memory: number;
  /** Cores that it computes on. */
  threads: number;
}

/** The rest is for the process itself, and for what starts later. */
const SHARE = 3 / 4;
const settings: EngineSettings = {
  // Of the machine or of the container, whichever ends first.
  memory: SHARE * process.availableMemory(),
  threads: availableParallelism(),
};

/** What holds now. Default: three quarters of the memory that was free when the engine was loaded, and every core. */
export const engineSettings = (): Readonly<EngineSettings> => settings;

/** Sets what is given, for whatever is computed from now on. */
export function configureEngine({
  memory,
  threads,
}: { [K in keyof EngineSettings]?: number | undefined }): void {
  settings.memory = memory ?? settings.memory;
  settings.threads = threads ?? settings.threads;
}
