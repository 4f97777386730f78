import { InputError, type JsonValue, type Task } from '@touchstone/spec';
import { Ajv2020 } from 'ajv/dist/2020.js';
import equal from 'ajv/dist/runtime/equal.js';
import ucs2length from 'ajv/dist/runtime/ucs2length.js';
import standalone from 'ajv/dist/standalone/index.js';
import { isRecord } from '../../text/json-value.js';
import { readTaskPath } from '../../text/task-path.js';
import { LimitedFunction } from '../limited/thread.js';
import { recursionOf } from './recursion.js';

/** What of a value is not valid, for people; undefined where it is. */
export type Validate = (value: JsonValue) => string | undefined | Promise<string | undefined>;

/** Validation takes milliseconds; only what was made to last takes longer. */
const LIMIT_SECONDS = 2;
/** MiB. An answer of some megabytes needs a fraction. */
const MEMORY = 512;
/** Schemas that are kept compiled. */
const MAX_COMPILED = 200;
/** What may take more than time linear in the value's size. */
const SLOW = new Set(['pattern', 'patternProperties', 'uniqueItems']);

/** One thread for the slow validations of any number of schemas. */
const slowValidation = (): LimitedFunction =>
  new LimitedFunction({ program: program(), data: null, limitSeconds: LIMIT_SECONDS, memory: MEMORY });

/**
 * A validator of a JSON Schema of draft 2020-12 (`format` is not checked). Most schemas take time linear in the size of the
 * value, and are validated at once. One with patterns, `uniqueItems` or recursion may be made to take for ever: it works in
 * a thread, and a value that takes longer than 2 s is not valid. So is one that takes too much memory: who wrote it must
 * not gain by it.
 *
 * @param place where the schema stands, for messages.
 * @param slow default: a thread of its own, which starts when it is needed.
 * @throws {InputError} for what is no such schema, refers to others, or would never come to an end.
 */
export function createValidator(text: string, place: string, slow = slowValidation()): Validate {
  const schema = readSchema(text, place);
  const { isRecursive, endless } = recursionOf(schema);
  if (endless !== undefined) {
    const message = `the JSON Schema at ${endless} refers to itself before it looks at anything in the value: no value could ever be checked`;
    throw InputError.at({ file: place }, message);
  }
  const ajv = new Ajv2020({ strict: false, logger: false, validateFormats: false, code: { source: true } });
  const validate = inputErrors(place, () => ajv.compile(schema));
  if (!isRecursive && !mentions(schema, SLOW)) {
    return (value) => (validate(value) ? undefined : describe(validate.errors?.[0]));
  }
  const code = standalone.default(ajv, validate);
  return async (value) => {
    const reply = await slow.call({ code, value });
    if ('value' in reply) return reply.value === null ? undefined : describe(reply.value as Problem);
    if ('lost' in reply) return `not valid: checking it ${reply.lost}`;
    throw InputError.at({ file: place }, `the JSON Schema cannot be used: ${Object.values(reply)[0]}`);
  };
}

/** The text of a function of Ajv's; whether its module is unwrapped depends on who loads it. */
const textOf = (module: { default: object }): string =>
  Function.prototype.toString.call('default' in module ? module.default : module);

/** Ajv's own code for a schema asks for two of its functions, which are whole in themselves. */
const program = (): string => `() => {
  const parts = { equal: ${textOf(equal)}, ucs2length: ${textOf(ucs2length)} };
  const known = new Map();
  const compile = (code) => {
    const module = { exports: {} };
    new Function('module', 'exports', 'require', code)(module, module.exports, (name) => ({ default: parts[name.split('/').pop()] }));
    if (known.size >= ${MAX_COMPILED}) known.clear();
    known.set(code, module.exports);
    return module.exports;
  };
  return ({ code, value }) => {
    const validate = known.get(code) ?? compile(code);
    return validate(value) ? null : { instancePath: validate.errors[0].instancePath, message: validate.errors[0].message };
  };
}`;

interface Problem {
  instancePath: string;
  message?: string;
}

function describe(problem: Problem | undefined): string {
  return `${problem?.instancePath || 'the answer'} ${problem?.message ?? 'is not valid'}`;
}

function readSchema(text: string, place: string): object | boolean {
  return inputErrors(place, () => {
    const schema: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof schema === 'boolean' || isRecord(schema)) return schema;
    throw new TypeError('expected an object');
  });
}

/** Longer ones are no schema that somebody wrote. */
const MAX_TASK_SCHEMA = 200_000;

/**
 * Validators of schemas that come with tasks, each made once while it is in use.
 *
 * @returns the validator of a task. @throws {InputError} naming the task, where its schema is missing or is none.
 */
export function taskValidators(path: string): (task: Task) => Validate {
  const slow = slowValidation();
  const known = new Map<string, Validate>();
  return (task) => {
    const schema = readTaskPath(task, path);
    const place = `task ${task.id}: ${path}`;
    if (schema === undefined || schema === null)
      throw new InputError([{ message: `${place} is missing; the json-schema check needs it` }]);
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
    const made = known.get(text);
    if (made) return made;
    if (text.length > MAX_TASK_SCHEMA)
      throw new InputError([
        {
          message: `${place}: expected a JSON Schema of at most ${MAX_TASK_SCHEMA} characters, got ${text.length}`,
        },
      ]);
    const validate = createValidator(text, place, slow);
    if (known.size >= MAX_COMPILED) known.clear();
    known.set(text, validate);
    return validate;
  };
}

/** @throws {InputError} for whatever `read` throws. */
function inputErrors<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw InputError.at(
      { file: place },
      `not a JSON Schema of draft 2020-12 without outside references: ${why}`,
      {
        cause,
      },
    );
  }
}

function mentions(value: unknown, keywords: ReadonlySet<string>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, one]) => keywords.has(key) || mentions(one, keywords));
}
