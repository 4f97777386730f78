import { z } from 'zod';
import type { Check } from '../check.js';
import { groundingCheck, groundingSchema } from './grounding.js';
import { jsonSchemaCheck, jsonSchemaSchema } from './json-schema.js';
import { languageCheck, languageSchema } from './language.js';
import { lengthCheck, lengthSchema } from './length.js';
import { safetyCheck, safetySchema } from './safety.js';

export const checkSchema = z.discriminatedUnion('type', [
  jsonSchemaSchema,
  lengthSchema,
  languageSchema,
  safetySchema,
  groundingSchema,
]);
export type CheckConfig = z.output<typeof checkSchema>;

/**
 * The check that `config` describes.
 *
 * @param baseDir folder of the configuration, which the files it names are in.
 * @throws {InputError} when such a file is missing or wrong.
 */
export function createCheck(config: CheckConfig, baseDir: string): Check {
  switch (config.type) {
    case 'json-schema':
      return jsonSchemaCheck(config, baseDir);
    case 'length':
      return lengthCheck(config);
    case 'language':
      return languageCheck(config);
    case 'safety':
      return safetyCheck(config);
    case 'grounding':
      return groundingCheck(config);
  }
}
