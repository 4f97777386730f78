import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CausalLM } from './model.js';
import { tinyModel } from './testing.js';
import { writeSafetensors } from './weights/safetensors.js';

const newFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'model-'));

/** Saves a model as two shards with an index. */
async function saveShards(model: CausalLM, folder: string): Promise<void> {
  await model.save(folder, folder);
  await rm(path.join(folder, 'model.safetensors'));
  const all = [...model.parameters];
  const shards = [all.slice(0, 3), all.slice(3)].map((part, i) => ({ file: `part-${i}.safetensors`, part }));
  for (const { file, part } of shards) await writeSafetensors(path.join(folder, file), part);
  await writeIndex(
    folder,
    shards.flatMap(({ file, part }) => part.map(([name]): [string, string] => [name, file])),
  );
}

const writeIndex = (folder: string, entries: [string, string][]): Promise<void> =>
  writeFile(
    path.join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ weight_map: Object.fromEntries(entries) }),
  );

describe('CausalLM', () => {
  it('loads what it saved, in one file or in shards', async () => {
    const model = tinyModel({ attention_bias: true });
    const [whole, sharded] = [await newFolder(), await newFolder()];
    await model.save(whole, whole);
    await saveShards(model, sharded);
    expect((await CausalLM.load(whole)).fingerprint()).toBe(model.fingerprint());
    expect((await CausalLM.load(sharded)).fingerprint()).toBe(model.fingerprint());
  });

  it('names what it cannot run and what it does not find', async () => {
    const folder = await newFolder();
    await expect(CausalLM.load(folder)).rejects.toThrow(/config.json.*expected a Hugging Face model folder/);
    await tinyModel().save(folder, folder);
    const config = path.join(folder, 'config.json');
    const source = await readFile(config, 'utf8');
    await writeFile(config, source.replace('"llama"', '"gemma"'));
    await expect(CausalLM.load(folder)).rejects.toThrow(
      /model_type: "gemma", expected one of llama, mistral/,
    );
    await writeFile(config, source.replace('"hidden_size": 64', '"hidden_size": 128'));
    await expect(CausalLM.load(folder)).rejects.toThrow(/embed_tokens.weight: expected shape \[37,128\]/);
    await writeFile(config, source);
    await writeIndex(folder, [['w', '../elsewhere.safetensors']]);
    await expect(CausalLM.load(folder)).rejects.toThrow(
      /"\.\.\/elsewhere.safetensors"; expected a file name/,
    );
    await rm(path.join(folder, 'model.safetensors.index.json'));
    await rm(path.join(folder, 'model.safetensors'));
    await expect(CausalLM.load(folder)).rejects.toThrow(/has no weights; expected model.safetensors/);
  });
});
