import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { Parameter } from './parameters.js';
import type { WeightReader } from './reader.js';
import { readSafetensors } from './safetensors.js';

const FILE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Hugging Face's layout: one file, or shards with an index. */
export const safetensors: WeightReader = {
  files: `${FILE} or its shards`,
  finds: async (folder) =>
    (await exists(path.join(folder, INDEX))) || (await exists(path.join(folder, FILE))),
  async read(folder) {
    const index = path.join(folder, INDEX);
    if (!(await exists(index))) return readSafetensors(path.join(folder, FILE));
    const all = new Map<string, Parameter>();
    for (const shard of await shardsOf(index)) {
      for (const [name, parameter] of await readSafetensors(path.join(folder, shard)))
        all.set(name, parameter);
    }
    return all;
  },
};

async function shardsOf(index: string): Promise<Set<string>> {
  let shards: string[];
  try {
    shards = Object.values(indexSchema.parse(JSON.parse(await readFile(index, 'utf8'))).weight_map);
  } catch (cause) {
    throw InputError.at({ file: index }, 'is no index of shards; expected weight_map: { weight: file }', {
      cause,
    });
  }
  const outside = shards.find((shard) => path.basename(shard) !== shard);
  if (outside === undefined) return new Set(shards);
  throw InputError.at(
    { file: index },
    `weight_map names ${JSON.stringify(outside)}; expected a file name in the folder`,
  );
}
