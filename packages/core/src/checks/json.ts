import type { JsonValue } from '@touchstone/spec';
import { jsonrepair } from 'jsonrepair';
import { z } from 'zod';
import { parseAnswer } from '../text/answer.js';
import { readPath } from '../text/task-path.js';
import type { CheckContext, CheckResult, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { readInside } from '../files/inside.js';
import { createValidator } from './schema/validator.js';

const jsonFields = {
  required: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'Fields that the answer, or each item of its list, must fill: title, party.name' }),
  repaired: z.number().min(0).max(1).default(0).meta({
    description: 'Share of the score for an answer that is JSON only without its code fence or after repair',
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

/** Longer answers are not repaired: the work may grow with the square of the length. */
const MAX_REPAIR = 20_000;

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
      ? createValidator(readInside(baseDir, config.schema, 'the JSON Schema'), config.schema)
      : undefined;
  const required = config.required.map((field) => field.split('.'));

  const scoreValid = (value: JsonValue, problem: string | undefined): CheckResult => {
    if (problem !== undefined) return { score: 0, detail: problem };
    return required.length === 0 ? { score: 1 } : scoreFields(value, required);
  };
  const scoreValue = (value: JsonValue): CheckResult | Promise<CheckResult> => {
    const problem = validate?.(value);
    if (!(problem instanceof Promise)) return scoreValid(value, problem);
    return problem.then((found) => scoreValid(value, found));
  };

  return ({ response }) => {
    const exact = parseAnswer(response);
    if ('value' in exact) return scoreValue(exact.value);
    const repaired = readRepaired(response);
    if (repaired === undefined) return { score: 0, detail: `not JSON: ${exact.problem}` };
    const share = ({ score, detail }: CheckResult): CheckResult => ({
      score: score * config.repaired,
      detail: detail ? `${repaired.how}; ${detail}` : repaired.how,
    });
    const result = scoreValue(repaired.value);
    return result instanceof Promise ? result.then(share) : share(result);
  };
}

/** The answer as JSON where that can be had by taking off a code fence, or by repair; else undefined. */
function readRepaired(response: string): { value: JsonValue; how: string } | undefined {
  const text = response.trim();
  const inner = /^```[a-z]*\s*\n/i.exec(text);
  const bare = inner && text.endsWith('```') ? text.slice(inner[0].length, -3) : text;
  const unfenced = parseAnswer(bare);
  if ('value' in unfenced) return { value: unfenced.value, how: 'JSON only without its code fence' };
  if (bare.length > MAX_REPAIR) return undefined;
  try {
    const read = parseAnswer(jsonrepair(bare));
    // Prose is "repaired" into a string: only a list or an object shows that JSON was meant.
    if ('value' in read && typeof read.value === 'object' && read.value !== null)
      return { value: read.value, how: 'JSON only after repair' };
  } catch {
    // Beyond repair: reported as not JSON.
  }
  return undefined;
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
