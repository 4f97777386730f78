import { InputError, ProviderError } from '@touchstone/spec';
import { mkdtempSync, rmSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openModel } from './open-model.js';
import { modelSchema } from './schema.js';
import { request } from './server.testing.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-own-model-'));
afterAll(() => rmSync(folder, { recursive: true }));

function open(file: string, text: string, settings: object = {}) {
  writeFileSync(join(folder, file), text);
  const config = modelSchema.parse({ model: `code:./${file}#parrot`, ...settings });
  return openModel(config, { env: { MY_KEY: 'hunter2hunter2' }, baseDir: folder });
}

/** A provider of a user's own: everything that one needs. */
const PARROT = `export default (name, config, env) => ({
  id: name,
  version: name + '-1',
  structuredOutput: true,
  async generate({ messages, maxOutputTokens }) {
    const text = [env[config.api_key_env] ? 'with a key' : '', config.extra_body?.tone, messages.at(-1).content].join(' ');
    return { text, finish: 'stop', inputTokens: 3, outputTokens: maxOutputTokens };
  },
});`;

const model = (generate: string) =>
  `export default () => ({ version: '1', structuredOutput: false, generate: ${generate} });`;

describe("a provider of the user's own", () => {
  it('opens a model by its name, with its settings and the environment, and answers', async () => {
    const settings = { api_key_env: 'MY_KEY', extra_body: { tone: 'kind' } };
    const parrot = await open('parrot.mjs', PARROT, settings);
    expect(parrot).toMatchObject({
      id: 'code:./parrot.mjs#parrot',
      version: expect.stringMatching(/^parrot-1\+[0-9a-f]{16}$/),
      structuredOutput: true,
    });
    expect(await parrot.generate(request)).toEqual({
      text: 'with a key kind Is it so?',
      finish: 'stop',
      inputTokens: 3,
      outputTokens: 64,
    });
  });

  it.each([
    ['none.mjs', 'export const open = 1;', 'no function as default export'],
    ['broken.mjs', 'export default (', 'cannot be loaded'],
    [
      'throws.mjs',
      'export default () => { throw new Error("no luck with hunter2hunter2"); };',
      'no luck with [key]',
    ],
    ['empty.mjs', 'export default () => ({});', 'lacks version, a text; structuredOutput'],
    ['nothing.mjs', 'export default () => null;', 'lacks version'],
  ])('%s is refused as input', async (file, text, message) => {
    const opened = open(file, text);
    await expect(opened).rejects.toThrow(InputError);
    await expect(opened).rejects.toThrow(message);
  });

  it('is another model at another address, and when what its module imports is changed', async () => {
    const at = async (base_url: string) => (await open('parrot.mjs', PARROT, { base_url })).version;
    expect(await at('http://h/good')).not.toBe(await at('http://h/bad'));
    const imports = `import './wire.mjs'; ${model('() => {}')}`;
    writeFileSync(join(folder, 'wire.mjs'), 'export const a = 1;');
    const { version } = await open('imports.mjs', imports);
    writeFileSync(join(folder, 'wire.mjs'), 'export const a = 2;');
    expect((await open('imports.mjs', imports)).version).not.toBe(version);
  });

  it('is refused when there is none', async () => {
    const config = modelSchema.parse({ model: 'code:./missing.mjs#m' });
    await expect(openModel(config, { baseDir: folder })).rejects.toThrow(
      './missing.mjs: cannot read the module',
    );
  });

  it.each([
    [
      'one.mjs',
      'async () => { throw new TypeError("x of undefined, hunter2hunter2"); }',
      'x of undefined, [key]',
    ],
    ['two.mjs', 'async () => undefined', 'lacks text'],
    [
      'three.mjs',
      'async () => ({ text: "a", finish: "end", inputTokens: 1, outputTokens: 1 })',
      'finish (stop',
    ],
    [
      'four.mjs',
      'async () => ({ text: "a", finish: "stop", inputTokens: NaN, outputTokens: 1 })',
      'inputTokens',
    ],
  ])('costs a call, and never the run, when %s goes wrong', async (file, generate, message) => {
    const failing = (await open(file, model(generate))).generate(request);
    await expect(failing).rejects.toThrow(ProviderError);
    await expect(failing).rejects.toThrow(message);
    // What nobody has said was spent is not made up.
    const said = file.startsWith('three') ? 1 : 0;
    const spent = { inputTokens: said, outputTokens: file.startsWith('four') ? 1 : said };
    await expect(failing).rejects.toMatchObject({ spent });
  });

  const thrown = (fields: string, message = 'failed'): string =>
    model(`async () => { throw Object.assign(new Error('${message}'), ${fields}); }`);
  it.each([
    // The clients of OpenAI and AWS; one that wraps the reply; the system; a defect.
    ['openai', thrown('{ status: 429, error: { code: "insufficient_quota" } }'), false, true, undefined],
    [
      'aws',
      thrown(
        '{ name: "ThrottlingException", $metadata: { httpStatusCode: 429 } }',
        'Too many tokens per day',
      ),
      false,
      true,
      undefined,
    ],
    [
      'wrapped',
      thrown('{ response: { status: 503, data: {}, headers: { "Retry-After": "4" } } }'),
      true,
      false,
      4000,
    ],
    [
      'system',
      thrown('{ cause: Object.assign(new Error(), { code: "ECONNRESET" }) }'),
      true,
      false,
      undefined,
    ],
    ['defect', thrown('{ code: "ERR_ASSERTION" }'), false, false, undefined],
    [
      'empty',
      model('async () => ({ text: "", finish: "stop", inputTokens: 1, outputTokens: 0 })'),
      true,
      false,
      undefined,
    ],
  ])(
    'has its failures read as those of others: %s',
    async (name, text, isRetryable, isLasting, retryAfterMs) => {
      const failing = (await open(`failing-${name}.mjs`, text)).generate(request);
      await expect(failing).rejects.toMatchObject({ isRetryable, isLasting, retryAfterMs });
    },
  );
});

it('the provider of the documentation answers', async () => {
  const text = readFileSync(new URL('../../../../docs/extend/README.md', import.meta.url), 'utf8');
  const module = /^```js\n(\/\/ my-provider\.js\n[^]*?)^```/m.exec(text)![1]!;
  const reply = await (await open('my-provider.mjs', module)).generate(request);
  expect(reply).toMatchObject({ text: expect.stringContaining('was asked: '), finish: 'stop' });
});
