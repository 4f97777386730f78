import type { JsonValue, Task } from '@touchstone/spec';
import { z } from 'zod';
import { parseAnswer } from '../text/answer.js';
import { repairJson } from '../text/repair-json.js';
import { isTaskPath, readPath } from '../text/task-path.js';
import type { CheckContext, CheckResult, Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';
import { readInside } from '../files/inside.js';
import { createValidator, taskValidators, type Validate } from './schema/validator.js';

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
const jsonSchemaSchema = z
  .strictObject({
    type: z.literal('json-schema'),
    schema: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'JSON Schema file (draft 2020-12), relative to the configuration' }),
    schema_from: z
      .string()
      .refine(isTaskPath, 'expected reference, reference.NAME or metadata.NAME')
      .optional()
      .meta({
        description:
          'In place of a file: where in the task its own JSON Schema is, for example metadata.schema',
      }),
    ...jsonFields,
  })
  .refine(({ schema, schema_from }) => (schema === undefined) !== (schema_from === undefined), {
    error: 'expected a schema, the file, or schema_from, the place in each task',
  });
export const json = defineCheck({ type: 'json', schema: jsonSchema, create: jsonCheck });
export const jsonSchemaCheck = defineCheck({
  type: 'json-schema',
  schema: jsonSchemaSchema,
  packages: ['ajv'],
  files: ({ schema: name }) => (name === undefined ? [] : [{ path: ['schema'], name }]),
  create: jsonCheck,
});

type Config = z.output<typeof jsonSchema> | z.output<typeof jsonSchemaSchema>;

/**
 * The format of an answer. Read exactly, after trimming, it scores 0 when it is not JSON or not valid under the schema
 * (`format` is not checked), else the share of the required fields that are filled; 1 where none are. An answer that
 * is JSON only without its code fence, or after repair, is said to be so and gets `repaired` times that.
 *
 * @throws {InputError} when the schema file is missing, outside the configuration's folder, or no usable schema; where schemas come
 *   with tasks, naming the task, when an answer to it is checked.
 */
function jsonCheck(config: Config, { baseDir }: CheckContext): Evaluate {
  const validatorOf = validatorsOf(config, baseDir);
  const required = config.required.map((field) => field.split('.'));

  const scoreValid = (value: JsonValue, problem: string | undefined): CheckResult => {
    if (problem !== undefined) return { score: 0, detail: problem };
    return required.length === 0 ? { score: 1 } : scoreFields(value, required);
  };
  const scoreWith = (
    validate: Validate | undefined,
    value: JsonValue,
  ): CheckResult | Promise<CheckResult> => {
    const problem = validate?.(value);
    if (!(problem instanceof Promise)) return scoreValid(value, problem);
    return problem.then((found) => scoreValid(value, found));
  };

  return ({ task, response, repaired }) => {
    // Before the answer is looked at: of a task with an odd schema no answer has a score.
    const validate = validatorOf?.(task);
    const exact = parseAnswer(response);
    if ('value' in exact && repaired === undefined) return scoreWith(validate, exact.value);
    const read = 'value' in exact ? { ...exact, how: repaired } : repairJson(response);
    if (read === undefined)
      return { score: 0, detail: `not JSON: ${'problem' in exact ? exact.problem : ''}` };
    const share = ({ score, detail }: CheckResult): CheckResult => ({
      score: score * config.repaired,
      detail: [read.how, detail].filter(Boolean).join('; '),
    });
    const result = scoreWith(validate, read.value);
    return result instanceof Promise ? result.then(share) : share(result);
  };
}

/** What answers to a task are validated with; undefined where there is no schema. */
function validatorsOf(config: Config, baseDir: string): ((task: Task) => Validate) | undefined {
  if (config.type === 'json') return undefined;
  const { schema, schema_from: from } = config;
  if (from !== undefined) return taskValidators(from);
  const validate = createValidator(readInside(baseDir, schema!, 'the JSON Schema'), schema!);
  return () => validate;
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
