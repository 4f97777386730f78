import { InputError } from '@touchstone/spec';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { openModel } from './open-model.js';
import { modelSchema } from './schema.js';
import { canned, completion, request } from './server.testing.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'touchstone-sdk-')));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const open = (model: string, settings: object = {}, env: Record<string, string> = {}) =>
  openModel(modelSchema.parse({ model: `ai-sdk:${model}`, ...settings }), { env, baseDir: folder });

/** Installs a package below the configuration's folder. */
function install(name: string, files: Record<string, string>): void {
  const path = join(folder, 'node_modules', name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
}

describe('a package of the AI SDK', () => {
  it('asks and answers on its own wire, with the key of the named variable at the named address', async () => {
    const { url, calls } = await canned(200, completion({ content: '{"ok":true}' }));
    const settings = { base_url: `${url}/v1`, api_key_env: 'MY_KEY', seed: false };
    const model = await open('@ai-sdk/mistral#mistral-small-latest', settings, { MY_KEY: 'secret-1' });
    expect(model).toMatchObject({
      id: 'ai-sdk:@ai-sdk/mistral#mistral-small-latest',
      structuredOutput: true,
    });
    expect(await model.generate(request)).toEqual({
      text: '{"ok":true}',
      finish: 'stop',
      inputTokens: 11,
      outputTokens: 5,
    });
    expect(calls[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer secret-1' },
    });
    expect(calls[0]!.body).toMatchObject({
      model: 'mistral-small-latest',
      max_tokens: 64,
      temperature: 0,
      response_format: { type: 'json_schema' },
    });
    expect(calls[0]!.body).not.toHaveProperty('random_seed');
  });

  it("reads the package's own variable where none is named, and repeats no key that a server says back", async () => {
    vi.stubEnv('MISTRAL_API_KEY', 'hunter2hunter2');
    const { url, calls } = await canned(400, {
      object: 'error',
      message: 'bad hunter2hunter2',
      type: 't',
      param: null,
      code: null,
    });
    const model = await open('@ai-sdk/mistral#m', { base_url: url }, { MISTRAL_API_KEY: 'hunter2hunter2' });
    const error: Error = await model.generate(request).then(
      () => new Error('it succeeded'),
      (reason: Error) => reason,
    );
    expect(error).toMatchObject({ reason: 'transport', isRetryable: false, status: 400 });
    expect(JSON.stringify([error.message, error.stack])).not.toContain('hunter2');
    expect(calls[0]!.headers.authorization).toBe('Bearer hunter2hunter2');
    expect(calls[0]!.body).toMatchObject({ random_seed: 7 });
  });

  it('says what is missing: a key, when it is first asked for, and a server', async () => {
    const keyless = await open('@ai-sdk/mistral#m', { base_url: 'http://127.0.0.1:1' });
    await expect(keyless.generate(request)).rejects.toMatchObject({
      message: expect.stringMatching(/ai-sdk:@ai-sdk\/mistral#m: .*MISTRAL_API_KEY/) as string,
      isRetryable: false,
    });
    const alone = await open(
      '@ai-sdk/mistral#m',
      { base_url: 'http://127.0.0.1:1', api_key_env: 'K' },
      { K: 'k' },
    );
    await expect(alone.generate(request)).rejects.toMatchObject({ reason: 'transport', isRetryable: true });
  });

  it.each([
    ['not-there', 'not installed; looked from'],
    ['fs', 'npm install fs'],
    ['@ai-sdk/not-there', 'Run: npm install @ai-sdk/not-there'],
  ])('tells how to install %s', async (name, message) => {
    await expect(open(`${name}#m`)).rejects.toThrow(InputError);
    await expect(open(`${name}#m`)).rejects.toThrow(message);
  });

  /** A package whose models are of `version` and give `result`. */
  const pretending = (
    name: string,
    version: string,
    result: object,
    manifest: object = { type: 'module', exports: { '.': { types: './x.d.ts', import: './entry.js' } } },
  ) =>
    install(name, {
      'package.json': JSON.stringify(manifest),
      'entry.js': `export const createThing = (settings) => ({
        languageModel: (modelId) => ({
          specificationVersion: ${JSON.stringify(version)},
          doGenerate: async (options) => ({ ...${JSON.stringify(result)}, response: { body: { settings: Object.keys(settings), modelId, seed: options.seed } } }),
        }),
      });
      export const createOtherName = createThing;`,
    });

  it('is read by version 2 of the specification, with its flat usage and finish reasons', async () => {
    pretending('two', 'v2', {
      content: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'yes' },
      ],
      finishReason: 'length',
      usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7, cachedInputTokens: 3 },
      warnings: [],
    });
    expect(await (await open('two#m')).generate(request)).toEqual({
      text: 'yes',
      finish: 'length',
      inputTokens: 5,
      outputTokens: 2,
      cachedInputTokens: 3,
    });
  });

  it('is read by version 4, which may say which text is the structured output, or that it was cut off', async () => {
    const result = {
      content: [{ type: 'text', text: 'a draft' }],
      structuredOutputText: '{"ok":true}',
      finishReason: { unified: 'stop', raw: 'end' },
      usage: { inputTokens: { total: 5, cacheRead: 1 }, outputTokens: { total: 2 } },
      warnings: [],
    };
    pretending('four', 'v4', result);
    expect(await (await open('four#m')).generate(request)).toMatchObject({
      text: '{"ok":true}',
      finish: 'stop',
      inputTokens: 5,
      cachedInputTokens: 1,
    });
    pretending('cut', 'v4', { ...result, finishReason: { unified: 'interrupted', raw: undefined } });
    await expect((await open('cut#m')).generate(request)).rejects.toMatchObject({ isRetryable: true });
  });

  it('is told from one that cannot hold a reply to a schema', async () => {
    const content = [{ type: 'text', text: 'x' }];
    const usage = { inputTokens: 1, outputTokens: 1 };
    pretending('loose', 'v2', {
      content,
      usage,
      finishReason: 'stop',
      warnings: [{ type: 'unsupported-setting', setting: 'responseFormat' }],
    });
    await expect((await open('loose#m')).generate(request)).rejects.toThrow('structured_output: prompt');
    const plain = await open('loose#m', { structured_output: 'prompt' });
    expect(await plain.generate(request)).toMatchObject({ text: 'x', finish: 'stop' });
  });

  it.each([
    ['v1', 'got specification v1; install a version'],
    ['v9', 'expected from old-v9 a language model by specification v2, v3, v4'],
  ])('of specification %s is refused by name', async (version, message) => {
    pretending(`old-${version}`, version, {});
    await expect(open(`old-${version}#m`)).rejects.toThrow(message);
  });

  it('is refused when it is no provider package, or more than one', async () => {
    const manifest = JSON.stringify({ type: 'module' });
    install('plain', { 'package.json': manifest, 'index.js': 'export const left = 1;' });
    await expect(open('plain#m')).rejects.toThrow('it has none');
    const both = 'export const createA = () => 1; export const createB = () => 2;';
    install('both', { 'package.json': manifest, 'index.js': both });
    await expect(open('both#m')).rejects.toThrow('it has createA, createB');
    install('bad', { 'package.json': manifest, 'index.js': 'throw new Error("needs Node 99");' });
    await expect(open('bad#m')).rejects.toThrow('bad cannot be loaded: needs Node 99');
  });

  it('costs a call, and never the run, when it throws or answers what it likes', async () => {
    const manifest = JSON.stringify({ main: 'old.cjs' });
    const body = (text: string) =>
      `exports.createOld = () => (id) => ({ specificationVersion: 'v3', doGenerate: async () => { ${text} } });`;
    install('throwing', { 'package.json': manifest, 'old.cjs': body('null.x') });
    await expect((await open('throwing#m')).generate(request)).rejects.toMatchObject({ reason: 'transport' });
    install('silent', { 'package.json': manifest, 'old.cjs': body('') });
    await expect((await open('silent#m')).generate(request)).rejects.toThrow('its reply has no content');
  });
});
