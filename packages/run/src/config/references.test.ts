import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { afterAll, describe, expect, it } from 'vitest';
import { GOOD } from './good.testing.js';
import { loadConfig, loadScoringConfig } from './load.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const MODEL =
  ' (a folder with config.json, tokenizer.json and safetensors, as models on Hugging Face have them)';

describe('loadConfig', () => {
  const refusal = async (text: string): Promise<string[]> => {
    const file = join(folder, 'touchstone.yaml');
    writeFileSync(file, text);
    const error: unknown = await loadConfig(folder).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message.replaceAll(`${folder}/`, '').split('\n');
  };

  it('names every file that is not there at the place of its name', async () => {
    const text = `${GOOD}reward: { checks: [{ type: json-schema, schema: a.json }] }\nevaluation: { truth: t.mjs }\n`;
    expect(await refusal(text)).toEqual([
      'touchstone.yaml:4:10: data.train: there is no such file: train.jsonl',
      'touchstone.yaml:5:9: data.eval: there is no such file: eval.jsonl',
      'touchstone.yaml:13:22: evaluation.truth: there is no such file: t.mjs',
      'touchstone.yaml:12:49: reward.checks[0].schema: there is no such file: a.json',
      `touchstone.yaml:2:10: policy.model: there is no such model folder: models/policy${MODEL}`,
      `touchstone.yaml:7:10: judge.model: there is no such model folder: models/judge${MODEL}`,
    ]);
  });

  it('misses the models that stand in for a judge too', async () => {
    const model = 'model: local:models/judge';
    const text = GOOD.replace(model, `${model}\n  fallbacks: [{ model: local:models/second }]`);
    expect(await refusal(text)).toContain(
      `touchstone.yaml:8:24: judge.fallbacks[0].model: there is no such model folder: models/second${MODEL}`,
    );
  });

  it('misses modules that models name, and says what a provider cannot do, at their places', async () => {
    const text = GOOD.replace(
      'model: local:models/judge',
      "model: code:./my.mjs#m\n  fallbacks:\n    - { model: 'bedrock:m', extra_body: { top_k: 1 } }",
    );
    const got = await refusal(text);
    expect(got).toContain('touchstone.yaml:7:10: judge.model: there is no such file: ./my.mjs');
    expect(got).toContainEqual(
      expect.stringMatching(
        /^touchstone\.yaml:9:29: judge\.fallbacks\[0\]\.extra_body: bedrock has no use for it/,
      ),
    );
    await expect(loadScoringConfig(folder)).rejects.toThrow(
      'judge.fallbacks[0].extra_body: bedrock has no use',
    );
  });

  it('scores with the configuration that a judge was examined with, which has no tasks to train on', async () => {
    const judge = 'model: openai-compatible:m, base_url: http://127.0.0.1:1/v1, objective: o';
    const text = `judge: { ${judge}, criteria: [{ name: A, question: q }] }\ndata: { labelled: l.jsonl }\n`;
    writeFileSync(join(folder, 'touchstone.yaml'), text);
    expect((await loadScoringConfig(folder)).config.data).toEqual({ labelled: 'l.jsonl' });
  });

  it('names parts that need one another', async () => {
    const text = `${GOOD}training: { sft: {} }\ngate:\n  regression: { min: 0.8 }\n  heldout_correlation: { min: 0.5 }\n  label_kapa: { min: 0.5 }\n`;
    const got = await refusal(text);
    expect(got[0]).toBe(
      'touchstone.yaml:12:13: training.sft: set data.annotations, the answers to learn from',
    );
    expect(got.join('\n')).toContain('touchstone.yaml:15:3: gate.heldout_correlation: set heldout_judge');
    expect(got.join('\n')).toContain(
      'touchstone.yaml:16:3: gate.label_kapa: there is no such finding, did you mean "label_kappa"?',
    );
    expect(got.join('\n')).toContain('touchstone.yaml:14:3: gate.regression: set data.regression');
  });

  it('loads when everything is there', async () => {
    for (const model of ['policy', 'judge']) {
      mkdirSync(join(folder, 'models', model), { recursive: true });
      writeFileSync(join(folder, 'models', model, 'config.json'), '{}');
    }
    for (const name of ['train.jsonl', 'eval.jsonl']) writeFileSync(join(folder, name), '');
    writeFileSync(join(folder, 'touchstone.yaml'), GOOD);
    const loaded = await loadConfig(join(folder, 'touchstone.yaml'));
    expect(loaded).toMatchObject({ baseDir: folder, text: GOOD });
  });

  it('says so when the file is missing or not text', async () => {
    await expect(loadConfig(join(folder, 'no.yaml'))).rejects.toThrow(
      /no\.yaml: there is no such file; "touchstone init"/,
    );
    writeFileSync(join(folder, 'bytes.yaml'), Buffer.from([0x61, 0x3a, 0xff]));
    await expect(loadConfig(join(folder, 'bytes.yaml'))).rejects.toThrow(/not UTF-8 text/);
  });
});
