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
    const weightMap = await readIndex(index);
    const shards = new Set(weightMap.values());
    if (!shards.has(FILE) && (await exists(path.join(folder, FILE))))
      throw InputError.at(
        { file: index },
        `lists other files than ${FILE}, which is there too; remove the wrong one`,
      );
    const all = new Map<string, Parameter>();
    for (const shard of shards) {
      const file = path.join(folder, shard);
      for (const [name, parameter] of await readSafetensors(file)) {
        const listed = weightMap.get(name);
        if (listed !== shard)
          throw InputError.at(
            { file },
            `${name}: ${INDEX} ${listed ? `has it in ${listed}` : 'does not list it'}`,
          );
        all.set(name, parameter);
      }
    }
    const lost = [...weightMap.keys()].find((name) => !all.has(name));
    if (lost === undefined) return all;
    throw InputError.at({ file: index }, `${lost}: is not in ${weightMap.get(lost)}`);
  },
};

/** Which shard each weight is in. */
async function readIndex(index: string): Promise<Map<string, string>> {
  let shards: Map<string, string>;
  try {
    shards = new Map(Object.entries(indexSchema.parse(JSON.parse(await readFile(index, 'utf8'))).weight_map));
  } catch (cause) {
    throw InputError.at({ file: index }, 'is no index of shards; expected weight_map: { weight: file }', {
      cause,
    });
  }
  const outside = [...shards.values()].find((shard) => path.basename(shard) !== shard);
  if (outside === undefined) return shards;
  throw InputError.at(
    { file: index },
    `weight_map names ${JSON.stringify(outside)}; expected a file name in the folder`,
  );
}
