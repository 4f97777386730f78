import fc from 'fast-check';
import { expect, test } from 'vitest';
import { layOutJson } from './json-text.js';

test('lays out what was written: repeated keys, number forms and escapes stay', () => {
  expect(layOutJson(' {"a":1.0,"a":[],"b":{"c":"x, \\"y\\": [z]"}} ')).toBe(
    '{\n  "a": 1.0,\n  "a": [],\n  "b": {\n    "c": "x, \\"y\\": [z]"\n  }\n}',
  );
});

test('the laid out text is that of JSON.stringify for any object or list', () => {
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
      fc.pre(JSON.stringify(value).length < 5000);
      const text = JSON.stringify(value);
      const deep = /(?:[[{][^[\]{}]*){12}/.test(text);
      const laidOut = layOutJson(text)!;
      if (!deep) expect(laidOut).toBe(JSON.stringify(JSON.parse(text), null, 2));
      expect(JSON.stringify(JSON.parse(laidOut))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test('prose, scalars and broken JSON are left alone, and deep nesting does not explode', () => {
  for (const text of ['', 'no', '3', '"{}"', '[1, 2', '{"a": }']) expect(layOutJson(text)).toBeUndefined();
  const deep = '['.repeat(2000) + ']'.repeat(2000);
  expect(layOutJson(deep)!.length).toBeLessThan(200_000);
});
