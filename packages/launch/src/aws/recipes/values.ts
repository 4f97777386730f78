import { nearest } from '@touchstone/core';
import type { JsonValue } from '@touchstone/spec';
import { TARGET_NAMES, type Limits, type Overrides, type Place, type Target, type Tuning } from './key.js';
import { KEY_NAMES, keyOf, KEYS, SPELLINGS, type KeyName } from './keys.js';

/** Where a key stands; undefined: there is no such thing. */
export function placeOf(key: KeyName, target: Target, tuning: Tuning): Place | undefined {
  const place = KEYS[key].in[target];
  return place?.loraOnly && tuning === 'full' ? undefined : place;
}

/** What was given of a target's keys, by their own names, and what there is to say of it. */
export interface Settled {
  given: Map<KeyName, JsonValue>;
  /** What is refused, each by the name under which it was given. */
  problems: string[];
  /** What is taken though it surprises, or ignored. */
  remarks: string[];
}

/**
 * Overrides as a target takes them.
 *
 * @param called the name by which a person knows an override, where it was made from another setting.
 */
export function settle(
  target: Target,
  tuning: Tuning,
  overrides: Overrides,
  called: (spelling: string) => string = (spelling) => spelling,
): Settled {
  const settled: Settled = { given: new Map(), problems: [], remarks: [] };
  for (const [spelling, value] of Object.entries(overrides)) {
    const name = called(spelling);
    const key = keyOf(spelling);
    if (key === undefined || KEYS[key].from) settled.problems.push(`${name}: ${refusal(spelling, key)}`);
    else if (settled.given.has(key)) settled.problems.push(`${name}: ${key} is there twice, by two names`);
    else settleOne(settled, { key, name, value, place: placeOf(key, target, tuning), target, tuning });
  }
  return settled;
}

function refusal(spelling: string, key: KeyName | undefined): string {
  const field = key === undefined ? undefined : KEYS[key].from?.field;
  if (field !== undefined) return `no override: the job's ${field} says it`;
  const meant = nearest(spelling, SPELLINGS);
  return `no recipe of AWS has such a key, and its SDKs would ignore it${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function settleOne(
  { given, problems, remarks }: Settled,
  one: {
    key: KeyName;
    name: string;
    value: JsonValue;
    place: Place | undefined;
    target: Target;
    tuning: Tuning;
  },
): void {
  const { key, name, value, place, target, tuning } = one;
  const { type, limits } = KEYS[key];
  const allowed = place?.limits ?? limits ?? place?.hub ?? {};
  const expected = `${name} is ${JSON.stringify(value)}: expected`;
  if (!isOfType(type, allowed, value)) {
    problems.push(`${expected} ${describe(type, allowed)}`);
  } else if (!place) {
    const where = KEYS[key].in[target] ? ' in full-rank tuning' : '';
    remarks.push(`${name}: ignored, ${TARGET_NAMES[target]} has no such key${where}`);
  } else if (!isWithin(allowed, value)) {
    problems.push(`${expected} ${describe(type, allowed)}`);
  } else {
    given.set(key, value);
    if (place.only) remarks.push(`${name}: ${ONLY[place.only]}`);
    const hub = (tuning === 'full' ? place.hubFull : undefined) ?? place.hub;
    if (hub && !isWithin(hub, value)) {
      remarks.push(
        `${name} is ${JSON.stringify(value)}: the hub's template takes ${describe(type, hub)}, and AWS's SDKs refuse the rest; here it is sent as it is`,
      );
    }
  }
}

const ONLY = {
  documentation: "in AWS's documentation, and in no public recipe",
  sdk: "sent as SageMaker's Python SDK sends it; AWS does not say that it is taken",
};

/** Whether a value is of a key's type. */
export const isOfType = (type: string, { values }: Limits, value: JsonValue): boolean => {
  if (value === null) return values?.includes(null) ?? false;
  if (type === 'text') return typeof value === 'string';
  if (type === 'boolean') return typeof value === 'boolean';
  return type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value);
};

/** @param value of the right type. */
export function isWithin({ values, min, max }: Limits, value: JsonValue): boolean {
  if (values) return values.includes(value);
  return typeof value !== 'number' || (value >= (min ?? -Infinity) && value <= (max ?? Infinity));
}

/** What may stand there, in words. */
export function describe(type: string, { values, min, max }: Limits): string {
  if (values) return values.map((value) => JSON.stringify(value)).join(', ');
  const what = { integer: 'a whole number', float: 'a number', boolean: 'true or false', text: 'text' }[
    type
  ]!;
  if (min === undefined && max === undefined) return what;
  if (max === undefined) return `${what} from ${min} on`;
  return `${what} from ${min} to ${max}`;
}

/** Every key's value in a target, in the table's order: what was given, or else its own default; one without either is left out. */
export function complete(
  target: Target,
  tuning: Tuning,
  given: ReadonlyMap<KeyName, JsonValue>,
): Map<KeyName, JsonValue> {
  const values = new Map<KeyName, JsonValue>();
  for (const key of KEY_NAMES) {
    const place = placeOf(key, target, tuning);
    const value = given.has(key) ? given.get(key) : place?.default;
    if (place && value !== undefined) values.set(key, value);
  }
  return values;
}

/** Values that no training can keep to together, in words. */
export function contradictions(values: ReadonlyMap<KeyName, JsonValue>): string[] {
  const number = (key: KeyName): number => Number(values.get(key));
  const problems: string[] = [];
  const [length, answer] = [number('max_length'), number('max_new_tokens')];
  if (answer >= length) {
    problems.push(`max_new_tokens ${answer} leaves a prompt no room in max_length ${length}`);
  }
  const [steps, save] = [number('max_steps'), number('save_steps')];
  if (save > steps) problems.push(`save_steps ${save}: expected at most the ${steps} of max_steps`);
  return problems;
}
