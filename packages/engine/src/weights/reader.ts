import type { Parameter } from './parameters.js';

/** How one format of checkpoints is read. */
export interface WeightReader {
  /** What it looks for in a model's folder, for people. */
  files: string;
  finds(folder: string): Promise<boolean>;
  /**
   * All weights in the folder, as float32.
   * @throws {InputError} when a file is missing, damaged, or holds what the engine cannot read.
   */
  read(folder: string): Promise<Map<string, Parameter>>;
}
