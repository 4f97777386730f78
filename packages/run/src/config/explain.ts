import type { JsonObject, JsonValue } from '@touchstone/spec';
import type { z } from 'zod';
import { nearest } from '@touchstone/core';
import type { Path, Problem, YamlSource } from './yaml-source.js';

type Issue = z.core.$ZodIssue;

/**
 * Zod's issues as problems with a place, in words of the file: what was expected, what came, what was perhaps meant.
 *
 * @param schema JSON Schema of the same configuration, for the keys that are known at a path.
 */
export function explain(issues: readonly Issue[], source: YamlSource, schema: JsonObject): Problem[] {
  return issues.flatMap((issue) => explainOne(issue, [], source, schema));
}

function explainOne(issue: Issue, base: Path, source: YamlSource, schema: JsonObject): Problem[] {
  const path = [...base, ...issue.path];
  const came = valueAt(source.value, path);
  const say = (message: string): Problem[] => [
    { place: source.valuePlace(path), message: join(path, message) },
  ];
  const expected = (what: string): Problem[] =>
    came === undefined ? say(`missing, expected ${what}`) : say(`expected ${what}, got ${describe(came)}`);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        place: source.keyPlace([...path, key]),
        message: join(path, unknownKey(key, path, came, schema)),
      }));
    case 'invalid_type':
      // Zod asks for a number first and for a whole one after.
      if (issue.expected === 'number' && schemasAt(schema, path).some((at) => at['type'] === 'integer')) {
        return expected('a whole number');
      }
      return expected(TYPES[issue.expected] ?? issue.expected);
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value));
      return expected(`${values.join(' or ')}${meant(came, issue.values)}`);
    }
    case 'too_small':
      return expected(size(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum));
    case 'too_big':
      return expected(size(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum));
    case 'invalid_union':
      if ('discriminator' in issue && issue.discriminator !== undefined) {
        // A discriminator that may be left out has undefined among its options.
        const listed = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
        const options = listed.filter((value) => value !== undefined);
        return expected(
          `${options.map((value) => JSON.stringify(value)).join(' or ')}${meant(came, options)}`,
        );
      }
      // Zod's own words for this are empty; a schema's are meant for people.
      if (issue.message !== 'Invalid input') return say(issue.message);
      return closestBranch(issue.errors).flatMap((inner) => explainOne(inner, path, source, schema));
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => say(inner.message));
    default:
      return say(issue.message);
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping (key: value)',
  record: 'a mapping (key: value)',
  array: 'a list',
};

function size(origin: string, relation: string, bound: number | bigint): string {
  if (origin === 'string')
    return bound === 1 ? 'text that is not empty' : `text of ${relation} ${bound} characters`;
  if (origin === 'array') return `a list of ${relation} ${bound} ${bound === 1 ? 'entry' : 'entries'}`;
  return `a number of ${relation} ${bound}`;
}

/** Of the branches of a union the one that the value came closest to: that fails deepest. */
function closestBranch(branches: readonly Issue[][]): readonly Issue[] {
  const depth = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));
  return [...branches].sort((a, b) => depth(b) - depth(a))[0] ?? [];
}

function unknownKey(key: string, path: Path, parent: unknown, schema: JsonObject): string {
  const present = typeof parent === 'object' && parent !== null ? Object.keys(parent) : [];
  const known = schemasAt(schema, path)
    .filter((at) => fits(at, parent))
    .flatMap((at) => Object.keys(members(at, 'properties')));
  const free = [...new Set(known)].filter((name) => !present.includes(name));
  const guess = nearest(key, free);
  if (guess !== undefined) return `unknown key "${shorten(key)}", did you mean "${guess}"?`;
  const elsewhere = parentOf(key, schema, []);
  if (elsewhere !== undefined) return `unknown key "${key}" here: it belongs in ${elsewhere}`;
  return `unknown key "${shorten(key)}", expected ${free.length > 0 ? `one of ${free.join(', ')}` : 'no more keys'}`;
}

function meant(came: unknown, values: readonly unknown[]): string {
  if (typeof came !== 'string') return '';
  const guess = nearest(
    came,
    values.filter((value) => typeof value === 'string'),
  );
  return guess === undefined ? '' : ` (did you mean "${guess}"?)`;
}

/** What a part of the schema may be: itself, what it refers to, or each branch of a union. */
function branchesOf(at: JsonObject, schema: JsonObject): JsonObject[] {
  const name = typeof at['$ref'] === 'string' ? at['$ref'].replace(/^#\/definitions\//, '') : undefined;
  const target = name === undefined ? at : own(members(schema, 'definitions'), name);
  if (!isObject(target)) return [];
  const options = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => target[key] ?? []).filter(isObject);
  return options.length === 0 ? [target] : options.flatMap((option) => branchesOf(option, schema));
}

/** The JSON Schemas that may describe the value at `path`. */
function schemasAt(schema: JsonObject, path: Path): JsonObject[] {
  let here = branchesOf(schema, schema);
  for (const step of path) {
    here = here.flatMap((at) => {
      const next =
        typeof step === 'number'
          ? at['items']
          : (own(members(at, 'properties'), step) ?? at['additionalProperties']);
      return isObject(next) ? branchesOf(next, schema) : [];
    });
  }
  return here;
}

/** Whether a branch of a union is the one that the value's own `type` or `kind` names, or that it may leave out. */
function fits(schema: JsonObject, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(members(schema, 'properties')).every(([name, member]) => {
    if (!isObject(member) || !('const' in member)) return true;
    const absent = required.includes(name) ? undefined : member['const'];
    return (own(value, name) ?? absent) === member['const'];
  });
}

/** The only place in the configuration that knows `key`, as a dotted path. */
function parentOf(key: string, schema: JsonObject, path: string[]): string | undefined {
  const found = new Set<string>();
  const walk = (at: JsonObject, where: string[]): void => {
    for (const branch of branchesOf(at, schema)) {
      const properties = members(branch, 'properties');
      if (where.length > 0 && Object.hasOwn(properties, key)) found.add(where.join('.'));
      for (const [name, child] of Object.entries(properties)) {
        if (isObject(child)) walk(child, [...where, name]);
      }
    }
  };
  walk(schema, path);
  return found.size === 1 ? [...found][0] : undefined;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) here = typeof here === 'object' && here !== null ? own(here, step) : undefined;
  return here;
}

function own(object: object, key: PropertyKey): unknown {
  return Object.hasOwn(object, key) ? (object as Record<PropertyKey, unknown>)[key] : undefined;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function members(schema: JsonObject, key: string): JsonObject {
  const value: JsonValue | undefined = schema[key];
  return isObject(value) ? value : {};
}

function join(path: Path, message: string): string {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  const last = path.at(-1);
  const said =
    last !== undefined && message.startsWith(`${String(last)}: `)
      ? message.slice(String(last).length + 2)
      : message;
  return where === '' ? said : `${shorten(where.replace(/^\./, ''), 120)}: ${said}`;
}

function describe(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value === '' ? 'empty text' : `"${shorten(value)}"`;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : 'nothing';
}

function shorten(text: string, limit = 60): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length <= limit ? line : `${line.slice(0, limit - 1)}…`;
}
