import fc from 'fast-check';
import { expect, it } from 'vitest';
import { duplicateKey } from './duplicate-key.js';

it('finds a key that is there twice as a parser that keeps both would', () => {
  for (const json of [
    '{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}',
    '{"a":"a\\":{","b":"\\"a\\":"}',
    '{"\\\\":1,"a" :"\\u003a"}',
  ]) {
    expect(duplicateKey(json)).toBeUndefined();
    expect(duplicateKey(json, JSON.parse(json))).toBeUndefined();
  }
  for (const json of [
    '{"a":1,"\\u0061":2}',
    '{"x":[{"a":1 , "a" : 2}]}',
    '{"a":":","a":"\\u003a\\u003a"}',
    // Two escaped colons for the two that the dropped member has.
    '{"a":":","b":"\\u003A\\u003a","a":""}',
  ]) {
    expect(duplicateKey(json)).toBe('a');
    expect(duplicateKey(json, JSON.parse(json))).toBe('a');
  }
});

it('finds none in what was written without one, and each that is put in', () => {
  const keys = fc.constantFrom('a', ':', '"', '\\', '');
  const values = fc.oneof(fc.constantFrom(':', '":"', 1, '\\u003a'), fc.jsonValue({ maxDepth: 2 }));
  const objects = fc.array(fc.tuple(keys, values), { maxLength: 4 });
  fc.assert(
    fc.property(objects, (members) => {
      const json = `[{${members.map(([key, value]) => `${JSON.stringify(key)} :${JSON.stringify(value)}`).join(',\n')}}]`;
      const names = members.map(([key]) => key);
      const twice = names.find((name, i) => names.indexOf(name) < i);
      expect(duplicateKey(json)).toBe(twice);
      expect(duplicateKey(json, JSON.parse(json))).toBe(twice);
    }),
    { seed: 3 },
  );
});
