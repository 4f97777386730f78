import { summarySchema, type JsonObject } from '@touchstone/spec';

/**
 * The published JSON Schema (draft 2020-12) of `summary.json`.
 *
 * @example
 * summaryJsonSchema().$id; // 'https://touchstone.dev/schema/summary.json'
 */
export function summaryJsonSchema(): JsonObject {
  const schema = summarySchema.toJSONSchema({ target: 'draft-2020-12' });
  return {
    $id: 'https://touchstone.dev/schema/summary.json',
    title: 'Summary of a Touchstone run',
    ...(JSON.parse(JSON.stringify(schema)) as JsonObject),
  };
}
