import { InputError, type JsonValue } from '@touchstone/spec';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOf, evaluate, scoreOf, taskWith } from './check.testing.js';
import { checkSchema } from './index.js';

let folder: string;
beforeAll(() => {
  const outer = mkdtempSync(join(tmpdir(), 'touchstone-checks-'));
  folder = join(outer, 'config');
  mkdirSync(folder);
  const list = {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      required: ['id'],
      additionalProperties: false,
      properties: { id: { type: 'string', format: 'uuid' } },
    },
  };
  writeFileSync(join(folder, 'list.json'), JSON.stringify(list));
  writeFileSync(join(folder, 'broken.json'), '{');
  writeFileSync(join(folder, 'wrong.json'), '{"type":"thing"}');
  writeFileSync(join(folder, 'remote.json'), '{"$ref":"https://example.com/x.json"}');
  writeFileSync(join(outer, 'outside.json'), '{}');
  symlinkSync(join(outer, 'outside.json'), join(folder, 'link.json'));
});
afterAll(() => rmSync(join(folder, '..'), { recursive: true }));

describe('json-schema', () => {
  const config = { type: 'json-schema', schema: 'list.json' };
  it.each([
    ['[{"id":"a"}]', 1],
    [' \n[{"id":"a"}]\n', 1],
    ['[]', 0],
    ['[{"id":1}]', 0],
    ['[{"id":"a","more":1}]', 0],
    ['```json\n[{"id":"a"}]\n```', 0],
    ['[{"id":"a"}] and more', 0],
    ['[{"id":"a"},]', 0],
    ['', 0],
    [`${'['.repeat(5000)}${']'.repeat(5000)}`, 0],
  ])('%j scores %i', async (response, expected) =>
    expect(await scoreOf(config, response, { baseDir: folder })).toBe(expected),
  );

  it('says what is wrong', async () => {
    expect((await evaluate(config, '[{"id":1}]', { baseDir: folder })).detail).toBe('/0/id must be string');
  });

  it.each([
    'missing.json',
    '../outside.json',
    'link.json',
    '/etc/hostname',
    '.',
    'broken.json',
    'wrong.json',
    'remote.json',
  ])('refuses the schema file %s', (schema) =>
    expect(() => checkOf({ type: 'json-schema', schema }, { baseDir: folder })).toThrow(InputError),
  );
});

describe('an answer that is JSON only when it is mended', () => {
  const fenced = '```json\n{"a":1}\n```';
  const broken = "{'a': 1,}";
  it('is reported, and never gets full marks by itself', async () => {
    expect(await evaluate({ type: 'json' }, fenced)).toEqual({
      score: 0,
      detail: 'JSON only without its code fence',
    });
    expect(await evaluate({ type: 'json' }, broken)).toEqual({ score: 0, detail: 'JSON only after repair' });
    expect(await evaluate({ type: 'json', repaired: 0.4 }, broken)).toEqual({
      score: 0.4,
      detail: 'JSON only after repair',
    });
  });
  it('gets its share of what it would have got', async () => {
    const config = { type: 'json', repaired: 0.5, required: ['a', 'b'] };
    expect(await evaluate(config, fenced)).toEqual({
      score: 0.25,
      detail: 'JSON only without its code fence; 1 of 2 missing: b',
    });
    const schema = { type: 'json-schema', schema: 'list.json', repaired: 1 };
    expect(await scoreOf(schema, '```\n[{"id":1}]\n```', { baseDir: folder })).toBe(0);
    expect(await scoreOf(schema, '```\n[{"id":"a"}]\n```', { baseDir: folder })).toBe(1);
  });
  it.each(['plain words', 'Here: {"a":1}', '{"a":1', '', '"'])(
    '%j is not mended into marks',
    async (text) => {
      const { score, detail } = await evaluate({ type: 'json' }, text);
      expect(score).toBe(0);
      expect(detail).toMatch(/not JSON|after repair/);
    },
  );
});

describe('required fields', () => {
  const config = { type: 'json', required: ['id', 'party.name'] };
  it.each([
    ['{"id":"x","party":{"name":"y"}}', 1],
    ['{"id":0,"party":{"name":false}}', 1],
    ['{"id":"x","party":{}}', 0.5],
    ['{"id":" ","party":{"name":null}}', 0],
    ['[{"id":"x","party":{"name":"y"}},{"id":"x"}]', 0.75],
    ['[]', 0],
    ['"x"', 0],
    ['{"__proto__":{"id":"x"}}', 0],
  ])('%s scores %f', async (response, expected) => expect(await scoreOf(config, response)).toBe(expected));
});

describe('json-schema that comes with the task', () => {
  const config = { type: 'json-schema', schema_from: 'metadata.schema' };
  const task = (schema: JsonValue, id = 't1') => ({ ...taskWith({ schema }), id });
  const person: JsonValue = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
  const slow: JsonValue = { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' };

  it('checks each answer against its own, as an object or as text', async () => {
    const check = checkOf(config);
    const score = async (schema: JsonValue, response: string) =>
      (await check.evaluate({ task: task(schema), response })).score;
    expect(await score(person, '{"name":"x"}')).toBe(1);
    expect(await score({ type: 'array' }, '{"name":"x"}')).toBe(0);
    expect(await score(JSON.stringify(person), '{"name":1}')).toBe(0);
    expect(await score(true, '{}')).toBe(1);
  });

  it('gives up what a pattern makes to last, and goes on with the schemas of other tasks', async () => {
    const check = checkOf(config);
    const [evil, good, other] = await Promise.all(
      [
        { task: task(slow), response: `"${'a'.repeat(60)}"` },
        { task: task(slow), response: '"aa.Bb"' },
        { task: task({ type: 'array', uniqueItems: true }), response: '[1,1]' },
      ].map(async (one) => check.evaluate(one)),
    );
    expect(evil).toEqual({ score: 0, detail: 'not valid: checking it took longer than 2 s' });
    expect([good!.score, other!.score]).toEqual([1, 0]);
  }, 20_000);

  it.each([
    [null, 'metadata.schema is missing'],
    ['{', 'not a JSON Schema'],
    [7, 'not a JSON Schema'],
    [{ type: 'thing' }, 'not a JSON Schema'],
    [{ $ref: 'https://example.com/x.json' }, 'without outside references'],
    [{ $ref: '#' }, 'refers to itself'],
    [`"${'x'.repeat(200_001)}"`, 'at most 200000 characters'],
  ])('refuses %j by the id of the task, whatever the answer', (schema, message) => {
    const check = checkOf(config);
    for (const response of ['{"name":"x"}', 'not JSON']) {
      const evaluated = (): unknown => check.evaluate({ task: task(schema, 't9'), response });
      expect(evaluated).toThrow(InputError);
      expect(evaluated).toThrow(message);
      expect(evaluated).toThrow('t9');
    }
  });

  it('is either a file or a place in the task', () => {
    for (const wrong of [
      { type: 'json-schema' },
      { ...config, schema: 'list.json' },
      { ...config, schema_from: 'truth.schema' },
    ])
      expect(checkSchema.safeParse(wrong).success).toBe(false);
  });
});
