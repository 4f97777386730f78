import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { Architecture, Family } from './family.js';
import { llama } from './llama/llama.js';

/** Every family of models that the engine runs. */
const FAMILIES: readonly Family[] = [llama];

/**
 * The architecture that a config.json describes.
 * @throws {InputError} when no family runs it, or its family cannot.
 */
export function openArchitecture(source: unknown, file: string): Architecture {
  const parsed = z.looseObject({ model_type: z.string() }).safeParse(source);
  const type = parsed.data?.model_type;
  const family = FAMILIES.find(({ modelTypes }) => type !== undefined && modelTypes.includes(type));
  if (family) return family.open(source, file);
  const known = FAMILIES.flatMap(({ modelTypes }) => modelTypes).join(', ');
  throw InputError.at(
    { file },
    `model_type: ${type === undefined ? 'missing' : `"${type}"`}, expected one of ${known}`,
  );
}

/** @throws {InputError} when the folder has no config.json that the engine can run. */
export async function readArchitecture(folder: string): Promise<Architecture> {
  const file = path.join(folder, 'config.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw InputError.at({ file }, 'cannot be read; expected a Hugging Face model folder', { cause });
  }
  try {
    return openArchitecture(JSON.parse(text), file);
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw InputError.at({ file }, `is not JSON: ${cause.message}`, { cause });
    throw cause;
  }
}
