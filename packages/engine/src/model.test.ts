import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { CausalLM } from './model.js';
import { fingerprintOf, loadModelFolder } from './model-folder.js';
import { tinyModel } from './testing.js';
import { ChatTokenizer } from './tokenizer/tokenizer.js';
import { trainBpe } from './tokenizer/train-bpe.js';
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

  it('refuses weights that are not those of its config, and shards that do not agree', async () => {
    const folder = await newFolder();
    const load = () => CausalLM.load(folder);
    const file = path.join(folder, 'model.safetensors');
    const model = tinyModel();
    await model.save(folder, folder);
    const all = [...model.parameters];
    const embedding = model.parameters.get('model.embed_tokens.weight')!;
    await writeSafetensors(file, [...all, ['lm_head.weight', embedding]]);
    expect((await load()).fingerprint()).toBe(model.fingerprint());
    const other = { ...embedding, data: embedding.data.map((value) => value * 2) };
    await writeSafetensors(file, [...all, ['lm_head.weight', other]]);
    await expect(load()).rejects.toThrow(/lm_head.weight differs from model.embed_tokens.weight/);
    await writeSafetensors(file, [...tinyModel({ num_hidden_layers: 3 }).parameters]);
    await expect(load()).rejects.toThrow(/layers.2.* has no place in the model/);
    await saveShards(model, folder);
    const shard = path.join(folder, 'part-1.safetensors');
    await writeSafetensors(shard, all.slice(2));
    await expect(load()).rejects.toThrow(/part-1.*index.json has it in part-0/);
    await writeSafetensors(shard, all.slice(4));
    await expect(load()).rejects.toThrow(/is not in part-1/);
    await writeSafetensors(file, all);
    await expect(load()).rejects.toThrow(/lists other files than model.safetensors/);
  });

  it('has in its copy whatever was read, and ends answers wherever the folder says', async () => {
    const [folder, copy] = [await newFolder(), await newFolder()];
    await tinyModel({ rope_theta: undefined, rope_parameters: { rope_theta: 77 }, dtype: 'float16' }).save(
      folder,
      folder,
    );
    const tokenizer = trainBpe([], 0, ['<pad>', '<end>', '<turn>', '<user>', '<assistant>']);
    const files: Record<string, string> = {
      'tokenizer.json': JSON.stringify(tokenizer),
      'tokenizer_config.json': JSON.stringify({ eos_token: { content: '<turn>' } }),
      'generation_config.json': JSON.stringify({ eos_token_id: [1, 30] }),
      'additional_chat_templates/default.jinja': '<user>{{ messages[0].content }}<assistant>',
    };
    await mkdir(path.join(folder, 'additional_chat_templates'));
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
    const model = await CausalLM.load(folder);
    expect(model.config.eosTokens).toEqual([2, 1, 30]);
    await model.save(copy, folder);
    const again = await CausalLM.load(copy);
    expect([again.fingerprint(), again.config.eosTokens]).toEqual([model.fingerprint(), [2, 1, 30]]);
    const chat = [{ role: 'user' as const, content: 'a' }];
    expect((await ChatTokenizer.load(copy)).encodeChat(chat)).toEqual(
      (await ChatTokenizer.load(folder)).encodeChat(chat),
    );
    const saved = JSON.parse(await readFile(path.join(copy, 'config.json'), 'utf8')) as object;
    expect(saved).toMatchObject({ dtype: 'float32', rope_parameters: { rope_theta: 77 } });
    expect(saved).not.toHaveProperty('torch_dtype');
    await writeFile(path.join(copy, 'generation_config.json'), JSON.stringify({ eos_token_id: 37 }));
    await expect(CausalLM.load(copy)).rejects.toThrow(/eos_token_id 37 is outside the vocabulary of 37/);
  });

  it('is another model where its config is another one', async () => {
    const fingerprints = new Set<string>();
    for (const changed of [{}, { rope_theta: 77 }, { eos_token_id: 2 }, { rms_norm_eps: 1e-3 }]) {
      const folder = await newFolder();
      await tinyModel({ vocab_size: 300, ...changed }).save(folder, folder);
      const tokenizer = trainBpe([], 0, ['<pad>', '<end>']);
      await writeFile(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
      const template = { chat_template: '{{ messages[0].content }}' };
      await writeFile(path.join(folder, 'tokenizer_config.json'), JSON.stringify(template));
      const print = fingerprintOf(await loadModelFolder(folder));
      expect(print).toBe(fingerprintOf(await loadModelFolder(folder)));
      fingerprints.add(print);
    }
    expect(fingerprints.size).toBe(4);
  });
});
