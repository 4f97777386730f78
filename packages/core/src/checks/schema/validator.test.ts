import { InputError, type JsonValue } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { recursionOf } from './recursion.js';
import { createValidator } from './validator.js';

const validatorOf = (schema: object) => createValidator(JSON.stringify(schema), 's.json');
const LATE = 'not valid: checking it took longer than 2 s';

/** A binary tree whose every level may be read in two ways: the work doubles with each. */
const AMBIGUOUS = {
  anyOf: [
    { properties: { a: { $ref: '#' } }, required: ['a'], maxProperties: 1 },
    { properties: { a: { $ref: '#' } }, required: ['a'], minProperties: 1 },
    { const: 0 },
  ],
};
const nested = (depth: number, leaf: JsonValue): JsonValue =>
  Array.from({ length: depth }).reduce<JsonValue>((a) => ({ a }), leaf);

describe('a validator', () => {
  it.each([
    ['a pattern', { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' }, 'a'.repeat(60), 'aa.Bb'],
    [
      'a pattern of keys',
      { patternProperties: { '^(x+x+)+y$': { type: 'number' } } },
      { ['x'.repeat(40)]: 1 },
      { xxy: 1 },
    ],
    [
      'unique items',
      { items: { type: 'object' }, uniqueItems: true },
      Array.from({ length: 60_000 }, (_, i) => ({ a: { b: { c: i } } })),
      [{ a: 1 }, { a: 2 }],
    ],
    ['recursion', AMBIGUOUS, nested(40, 1), nested(5, 0)],
  ] satisfies [string, object, JsonValue, JsonValue][])(
    'gives up what %s makes to last, and goes on with the rest meanwhile',
    async (_, schema, evil, good) => {
      const validate = validatorOf(schema);
      let turns = 0;
      const timer = setInterval(() => turns++, 20);
      const found = await Promise.all([good, evil, good].map(async (value) => validate(value)));
      clearInterval(timer);
      expect(found).toEqual([undefined, LATE, undefined]);
      expect(turns).toBeGreaterThan(10);
    },
    20_000,
  );

  it('reads a schema of a file that begins with a byte order mark', async () => {
    expect(await createValidator('\uFEFF{"type": "string"}', 's.json')('text')).toBe(undefined);
  });

  it('says the same in a thread and at once', async () => {
    const rule = {
      type: 'object',
      properties: { id: { type: 'string', minLength: 2 }, n: { enum: [1, { a: [2] }] } },
    };
    const slow = validatorOf({ ...rule, properties: { ...rule.properties, never: { pattern: 'x' } } });
    const quick = validatorOf(rule);
    for (const value of [
      { id: 'ab', n: { a: [2] } },
      { id: '😀' },
      { id: '😀😀', n: 2 },
      { n: { a: [3] } },
      [],
      null,
    ]) {
      expect(quick(value)).not.toBeInstanceOf(Promise);
      expect(await slow(value)).toBe(quick(value));
    }
  });

  it.each([
    [{ $ref: '#' }],
    [{ anyOf: [{ type: 'string' }, { $ref: '#' }] }],
    [
      {
        properties: { x: { $ref: '#/$defs/a' } },
        $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { not: { $ref: '#/$defs/a' } } },
      },
    ],
    [
      {
        items: { $ref: '#me' },
        $defs: { x: { $anchor: 'me', if: { required: ['a'] }, else: { $ref: '#me' } } },
      },
    ],
    [{ $id: 'https://example.org/s', dependentSchemas: { a: { $ref: 'https://example.org/s' } } }],
    [{ $dynamicAnchor: 'n', oneOf: [{ $dynamicRef: '#n' }] }],
  ])('refuses %j, which leads back to itself without looking at anything', (schema) => {
    expect(() => validatorOf(schema)).toThrow(InputError);
    expect(() => validatorOf(schema)).toThrow('refers to itself');
  });

  it.each([
    [{ properties: { left: { $ref: '#' }, right: { $ref: '#' } }, required: ['value'] }, true],
    [{ $dynamicAnchor: 'n', items: { $dynamicRef: '#n' } }, true],
    [
      {
        $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { prefixItems: [{ $ref: '#/$defs/a' }] } },
        $ref: '#/$defs/a',
      },
      true,
    ],
    [
      {
        $defs: { 'a/b': { type: 'object' } },
        allOf: [{ $ref: '#/$defs/a~1b' }, { properties: { x: { $ref: '#/$defs/a~1b' } } }],
      },
      false,
    ],
    [{ properties: { $ref: { type: 'string' }, allOf: { type: 'array' } }, enum: [{ $ref: '#' }] }, false],
  ])('takes %j', async (schema, isRecursive) => {
    expect(recursionOf(schema)).toEqual({ isRecursive });
    expect(await validatorOf(schema)({ value: 1, left: { value: 2 } })).toBe(
      'enum' in schema ? 'the answer must be equal to one of the allowed values' : undefined,
    );
  });
});
