import { describe, expect, it } from 'vitest';
import { openModel } from './open-model.js';
import { modelSchema } from './schema.js';
import { canned, completion, request } from './server.testing.js';
import { settingProblems } from './setting-problems.js';

/** The body that a model with these settings sends, as a server sees it. */
async function bodyOf(settings: object, asked: Partial<typeof request> = {}) {
  const { url, calls } = await canned(200, completion({ content: 'x' }));
  const config = modelSchema.parse({ model: 'openai-compatible:m', base_url: `${url}/v1`, ...settings });
  await (await openModel(config, { env: {} })).generate({ ...request, ...asked });
  return calls[0]!.body;
}

describe('the settings of a request', () => {
  it('are on the wire as they always were where none is set', async () => {
    expect(Object.keys(await bodyOf({}))).toEqual([
      'model',
      'max_tokens',
      'temperature',
      'seed',
      'response_format',
      'messages',
    ]);
  });

  it("suit OpenAI's reasoning models: no temperature, and the limit under its new name", async () => {
    const body = await bodyOf({
      temperature: null,
      max_tokens_field: 'max_completion_tokens',
      extra_body: { reasoning_effort: 'low' },
    });
    expect(body).toMatchObject({ max_completion_tokens: 64, reasoning_effort: 'low', seed: 7 });
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('max_tokens');
  });

  it('suit Mistral, which has another seed, and DeepSeek, which has no schemas', async () => {
    const mistral = await bodyOf({ seed: false, extra_body: { random_seed: 1 } });
    expect(mistral).toMatchObject({ random_seed: 1, temperature: 0 });
    expect(mistral).not.toHaveProperty('seed');
    const response_format = { type: 'json_object' };
    const deepseek = await bodyOf({ structured_output: 'prompt', extra_body: { response_format } });
    expect(deepseek).toMatchObject({ response_format });
  });

  it('let a model that stands in have a temperature of its own, and the judge leave it out', async () => {
    expect(await bodyOf({ temperature: 0.5 }, { temperature: null })).toMatchObject({ temperature: 0.5 });
    expect(await bodyOf({}, { temperature: null })).not.toHaveProperty('temperature');
  });

  it.each(['model', 'messages', 'temperature', 'seed', 'max_tokens', 'max_completion_tokens', 'stream', 'n'])(
    'refuse %s in extra_body: it has a place of its own',
    (key) => {
      const parsed = modelSchema.safeParse({ model: 'anthropic:m', extra_body: { [key]: 1 } });
      expect(parsed.error?.issues).toMatchObject([{ path: ['extra_body', key] }]);
    },
  );

  it.each([
    ['anthropic:m', { seed: false }, []],
    ['bedrock:m', { extra_body: { a: 1 } }, ['extra_body']],
    ['ai-sdk:p#m', { max_tokens_field: 'max_completion_tokens', seed: false }, ['max_tokens_field']],
    ['local:m', { seed: false }, ['seed']],
    ['code:./m.mjs#m', { seed: false, extra_body: {}, max_tokens_field: 'max_tokens' }, []],
    ['openai-compatible:m', { extra_body: { response_format: {} } }, ['extra_body']],
  ])('of %s that it cannot honour are refused before any call: %j', async (model, settings, keys) => {
    const config = modelSchema.parse({ model, ...settings });
    expect(settingProblems(config).map(({ key }) => key)).toEqual(keys);
    if (keys.length > 0) await expect(openModel(config, { env: {} })).rejects.toThrow(keys[0]);
  });

  it.each([
    [
      "Unsupported parameter: 'max_tokens' ... Use 'max_completion_tokens' instead.",
      'max_tokens_field: max_',
    ],
    ["Unsupported value: 'temperature' does not support 0 with this model.", 'temperature: null'],
    ['{"type":"extra_forbidden","loc":["body","seed"]}', 'seed: false'],
  ])('are named when a server refuses a field: %s', async (message, advice) => {
    const { url } = await canned(400, { error: { message, type: 'invalid_request_error' } });
    const config = modelSchema.parse({ model: 'openai-compatible:m', base_url: `${url}/v1` });
    await expect((await openModel(config, { env: {} })).generate(request)).rejects.toThrow(advice);
  });
});
