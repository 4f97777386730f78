import type { JsonObject } from '@touchstone/spec';
import { z } from 'zod';
import { configSchema } from './schema.js';

/**
 * The published JSON Schema of `touchstone.yaml`, so that editors complete and check it. Draft 7, because the YAML
 * language server that editors share knows that one best. It describes what a user writes: defaults are not required.
 */
export function configJsonSchema(): JsonObject {
  return (made ??= make());
}

let made: JsonObject | undefined;

function make(): JsonObject {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  return {
    $id: 'https://touchstone.dev/schema/touchstone.json',
    title: 'Touchstone configuration',
    ...(JSON.parse(JSON.stringify(schema)) as JsonObject),
  };
}
