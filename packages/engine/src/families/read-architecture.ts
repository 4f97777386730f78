import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import { parseObject } from '../folder-files.js';
import { readEndTokens } from '../tokenizer/end-tokens.js';
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

/**
 * The architecture of a model's folder, with all tokens that end an answer.
 * @throws {InputError} when the folder has no config.json that the engine can run
 */
export async function readArchitecture(folder: string): Promise<Architecture> {
  const file = path.join(folder, 'config.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw InputError.at({ file }, 'cannot be read; expected a Hugging Face model folder', { cause });
  });
  const architecture = openArchitecture(parseObject(text, file), file);
  const { config } = architecture;
  config.eosTokens = await readEndTokens(folder, config.eosTokens);
  const outside = config.eosTokens.find((id) => id < 0 || id >= config.vocabulary);
  if (outside === undefined) return architecture;
  throw InputError.at(
    { file: folder },
    `eos_token_id ${outside} is outside the vocabulary of ${config.vocabulary}; an answer would not end there`,
  );
}
