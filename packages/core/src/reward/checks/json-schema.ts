import { InputError } from '@touchstone/spec';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { parseAnswer } from '../../answer.js';
import type { Check } from '../check.js';
import { checkFields } from './common.js';

export const jsonSchemaSchema = z.strictObject({
  type: z.literal('json-schema'),
  schema: z
    .string()
    .min(1)
    .meta({ description: 'JSON Schema file (draft 2020-12), relative to the configuration' }),
  ...checkFields,
});

/**
 * 1 when the answer, trimmed, is JSON that is valid under the schema; else 0. `format` is not checked.
 *
 * @param baseDir folder of the configuration; the schema file must be inside it.
 * @throws {InputError} when the file is missing, outside, not JSON or not a usable schema.
 */
export function jsonSchemaCheck(config: z.output<typeof jsonSchemaSchema>, baseDir: string): Check {
  const validate = compileSchema(readInside(baseDir, config.schema), config.schema);
  return {
    name: config.name ?? config.type,
    kind: 'check',
    weight: config.weight,
    gate: config.gate,
    evaluate: ({ response }) => {
      const answer = parseAnswer(response);
      if (!('value' in answer)) return { score: 0, detail: `not JSON: ${answer.problem}` };
      if (validate(answer.value)) return { score: 1 };
      const [error] = validate.errors ?? [];
      return {
        score: 0,
        detail: `${error?.instancePath || 'the answer'} ${error?.message ?? 'is not valid'}`,
      };
    },
  };
}

function readInside(baseDir: string, file: string): string {
  try {
    const base = realpathSync(baseDir);
    const path = realpathSync(resolve(base, file));
    const inside = relative(base, path);
    if (inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)) {
      return readFileSync(path, 'utf8');
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw InputError.at({ file }, `cannot read the JSON Schema (${code}); looked in ${baseDir}`, { cause });
  }
  throw InputError.at(
    { file },
    `the JSON Schema must be in the configuration's folder, ${baseDir}, or below it`,
  );
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
