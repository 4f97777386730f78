import path from 'node:path';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import { readFolderJson } from '../folder-files.js';
import { idOf, namedTokens, tokenizerSchema } from './special-tokens.js';

const generationSchema = z.looseObject({
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});

/**
 * The tokens that end an answer, from wherever a folder names them: the tokenizer's `eos_token` first, which ends a turn of
 * a chat model, then `eos_token_id` of config.json and of generation_config.json.
 * @param fromConfig those of config.json
 * @throws {InputError} when a file is damaged
 */
export async function readEndTokens(folder: string, fromConfig: readonly number[]): Promise<number[]> {
  const generation = generationSchema.safeParse(
    (await readFolderJson(folder, 'generation_config.json')) ?? {},
  );
  if (!generation.success) {
    const file = path.join(folder, 'generation_config.json');
    throw InputError.at({ file }, 'eos_token_id: expected a token id, or a list of them');
  }
  const all = [await tokenizerEnd(folder), ...fromConfig, generation.data.eos_token_id];
  return [...new Set(all.flat().filter((id) => id != null))];
}

async function tokenizerEnd(folder: string): Promise<number | null> {
  const config = {
    ...(await readFolderJson(folder, 'special_tokens_map.json')),
    ...(await readFolderJson(folder, 'tokenizer_config.json')),
  };
  const end = namedTokens(config).tokens['eos_token'];
  if (end == null) return null;
  const tokenizer = tokenizerSchema.safeParse(await readFolderJson(folder, 'tokenizer.json'));
  return tokenizer.success ? (idOf(tokenizer.data, end) ?? null) : null;
}
