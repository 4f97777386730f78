import { InputError, type JsonValue } from '@touchstone/spec';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { parseAnswer } from '../text/answer.js';
import { repairJson } from '../text/repair-json.js';
import { readPath } from '../text/task-path.js';
import type { CheckContext, CheckResult, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { readInside } from '../files/inside.js';

const jsonFields = {
  required: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'Fields that the answer, or each item of its list, must fill: title, party.name' }),
  repaired: z.number().min(0).max(1).default(0).meta({
    description:
      'Share of the score for an answer that is JSON only without its code fence or after repair. Above 0, all other parts of the reward read the repaired answer too',
  }),
  ...checkFields,
};

const jsonSchema = z.strictObject({ type: z.literal('json'), ...jsonFields });
const jsonSchemaSchema = z.strictObject({
  type: z.literal('json-schema'),
  schema: z
    .string()
    .min(1)
    .meta({ description: 'JSON Schema file (draft 2020-12), relative to the configuration' }),
  ...jsonFields,
});
export const json = defineCheck({ type: 'json', schema: jsonSchema, create: jsonCheck });
export const jsonSchemaCheck = defineCheck({
  type: 'json-schema',
  schema: jsonSchemaSchema,
  packages: ['ajv'],
  files: ({ schema: name }) => [{ path: ['schema'], name }],
  create: jsonCheck,
});

type Config = z.output<typeof jsonSchema> | z.output<typeof jsonSchemaSchema>;

/**
 * The format of an answer. Read exactly, after trimming, it scores 0 when it is not JSON or not valid under the schema
 * (`format` is not checked), else the share of the required fields that are filled; 1 where none are. An answer that
 * is JSON only without its code fence, or after repair, is said to be so and gets `repaired` times that.
 *
 * @throws {InputError} when the schema file is missing, outside the configuration's folder, or no usable schema.
 */
function jsonCheck(config: Config, { baseDir }: CheckContext): Evaluate {
  const validate =
    config.type === 'json-schema'
      ? compileSchema(readInside(baseDir, config.schema, 'the JSON Schema'), config.schema)
      : undefined;
  const required = config.required.map((field) => field.split('.'));

  const scoreValue = (value: JsonValue): CheckResult => {
    if (validate && !validate(value)) {
      const [error] = validate.errors ?? [];
      const place = error?.instancePath || 'the answer';
      return { score: 0, detail: `${place} ${error?.message ?? 'is not valid'}` };
    }
    return required.length === 0 ? { score: 1 } : scoreFields(value, required);
  };

  return ({ response, repaired }) => {
    const exact = parseAnswer(response);
    if ('value' in exact && repaired === undefined) return scoreValue(exact.value);
    const read = 'value' in exact ? { ...exact, how: repaired } : repairJson(response);
    if (read === undefined)
      return { score: 0, detail: `not JSON: ${'problem' in exact ? exact.problem : ''}` };
    const { score, detail } = scoreValue(read.value);
    return { score: score * config.repaired, detail: [read.how, detail].filter(Boolean).join('; ') };
  };
}

function scoreFields(value: JsonValue, required: readonly string[][]): CheckResult {
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0) return { score: 0, detail: 'the list is empty' };
  const missing = items.flatMap((item, i) =>
    required
      .filter((keys) => isUnfilled(readPath(item, keys)))
      .map((keys) => `${Array.isArray(value) ? `item ${i + 1}: ` : ''}${keys.join('.')}`),
  );
  const total = items.length * required.length;
  if (missing.length === 0) return { score: 1 };
  return {
    score: 1 - missing.length / total,
    detail: `${missing.length} of ${total} missing: ${missing[0]}`,
  };
}

function isUnfilled(value: JsonValue | undefined): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function compileSchema(text: string, file: string): ValidateFunction {
  try {
    const schema: unknown = JSON.parse(text);
    if (
      typeof schema !== 'boolean' &&
      (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    ) {
      throw new TypeError('expected an object');
    }
    return new Ajv2020({ strict: false, logger: false, validateFormats: false }).compile(schema);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw InputError.at({ file }, `not a JSON Schema of draft 2020-12 without outside references: ${why}`, {
      cause,
    });
  }
}
