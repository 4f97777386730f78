import { InputError } from '@touchstone/spec';
import type { Parameter } from './parameters.js';
import type { WeightReader } from './reader.js';
import { safetensors } from './safetensors-reader.js';

/** Every format that weights are read from. Where a folder has several, the first is read. */
const READERS: readonly WeightReader[] = [safetensors];

/**
 * All weights of a model's folder, in whichever format they lie there.
 * @throws {InputError} when there are none, or they are damaged.
 */
export async function readWeights(folder: string): Promise<Map<string, Parameter>> {
  for (const reader of READERS) if (await reader.finds(folder)) return reader.read(folder);
  const expected = READERS.map(({ files }) => files).join(', or ');
  throw InputError.at({ file: folder }, `has no weights; expected ${expected}`);
}
