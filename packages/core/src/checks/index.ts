import { z } from 'zod';
import type { Check, CheckContext, Evaluate } from './check.js';
import { artefactsCheck, artefactsSchema } from './artefacts.js';
import { codeCheck, codeSchema } from './code.js';
import { groundingCheck, groundingSchema } from './grounding/grounding.js';
import { jsonCheck, jsonSchema, jsonSchemaSchema } from './json.js';
import { languageCheck, languageSchema } from './language.js';
import { lengthCheck, lengthSchema } from './length.js';
import { repetitionCheck, repetitionSchema } from './repetition.js';
import { safetyCheck, safetySchema } from './safety/safety.js';
import { stringCheck, stringCheckSchema } from './string-check.js';
import { textSimilarityCheck, textSimilaritySchema } from './text-similarity.js';

export const checkSchema = z.discriminatedUnion('type', [
  jsonSchema,
  jsonSchemaSchema,
  lengthSchema,
  languageSchema,
  safetySchema,
  groundingSchema,
  repetitionSchema,
  artefactsSchema,
  codeSchema,
  stringCheckSchema,
  textSimilaritySchema,
]);
export type CheckConfig = z.output<typeof checkSchema>;

/**
 * The check that `config` describes.
 *
 * @throws {InputError} when a file that it names is missing or wrong, or when it cannot work here.
 */
export function createCheck(config: CheckConfig, context: CheckContext): Check {
  return {
    name: config.name ?? config.type,
    kind: 'check',
    weight: config.weight,
    gate: config.gate,
    maxPenalty: config.penalty?.max ?? 0,
    evaluate: evaluator(config, context),
  };
}

function evaluator(config: CheckConfig, context: CheckContext): Evaluate {
  switch (config.type) {
    case 'json':
    case 'json-schema':
      return jsonCheck(config, context);
    case 'length':
      return lengthCheck(config, context);
    case 'language':
      return languageCheck(config);
    case 'safety':
      return safetyCheck(config, context);
    case 'grounding':
      return groundingCheck(config);
    case 'repetition':
      return repetitionCheck(config);
    case 'artefacts':
      return artefactsCheck(config);
    case 'code':
      return codeCheck(config, context);
    case 'string-check':
      return stringCheck(config);
    case 'text-similarity':
      return textSimilarityCheck(config);
  }
}
