import { expect, it } from 'vitest';
import { configJsonSchema } from './json-schema.js';

it('publishes a JSON Schema in which every key is described and only unknown defaults are required', () => {
  const schema = configJsonSchema();
  expect(schema).toMatchObject({
    $id: 'https://touchstone.dev/schema/touchstone.json',
    additionalProperties: false,
    required: ['policy', 'data', 'judge'],
  });
  const silent: string[] = [];
  const walk = (properties: object, path: string): void => {
    for (const [key, member] of Object.entries(properties) as [
      string,
      { description?: string; properties?: object },
    ][]) {
      if (member.description === undefined) silent.push(`${path}${key}`);
      if (member.properties) walk(member.properties, `${path}${key}.`);
    }
  };
  walk(schema['properties'] as object, '');
  expect(silent.filter((path) => !/^(judge|heldout_judge|reward|gate)\./.test(path))).toEqual([]);
});
