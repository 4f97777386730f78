import { InputError, type JsonObject } from '@touchstone/spec';
import { stringify, type ScalarTag } from 'yaml';
import { arnRemark } from './arn.js';
import { decimal } from './decimal.js';
import { TARGET_NAMES, type NovaRecipeInput, type Target } from './key.js';
import { KEY_NAMES, KEYS, type KeyName } from './keys.js';
import { readings } from './readings.js';
import { complete, contradictions, describe, isWithin, placeOf, settle } from './values.js';

export interface NovaRecipe {
  target: Target;
  /** By sections, in the order of AWS's recipes. */
  recipe: JsonObject;
  yaml: string;
  /** What is ignored, what AWS's SDKs would refuse, and what AWS leaves open; for people. */
  remarks: string[];
}

const NAME = /^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/;
const S3_URI = /^s3:\/\/[a-z0-9][a-z0-9.-]+\/.+/;

/**
 * The recipe of a training or an evaluation of Amazon Nova by a reward function.
 *
 * @throws {InputError} that names everything that is wrong with the input.
 */
export function novaRecipe(input: NovaRecipeInput): NovaRecipe {
  const target: Target = input.purpose === 'evaluation' ? 'evaluation' : input.platform;
  const tuning = input.tuning ?? 'lora';
  const { given, problems, remarks } = settle(target, tuning, input.overrides ?? {});
  for (const key of KEY_NAMES) {
    const value = placeOf(key, target, tuning) && KEYS[key].from?.value(input);
    if (value !== undefined) given.set(key, value);
  }
  const values = complete(target, tuning, given);
  const arn = arnRemark(input.rewardFunction, target);
  if (arn) (arn.wrong ? problems : remarks).push(`rewardFunction: ${arn.message}`);
  const wrong = [...problems, ...jobProblems(input, target), ...contradictions(values)];
  if (wrong.length > 0) {
    throw new InputError(wrong.map((message) => ({ message: `${TARGET_NAMES[target]}: ${message}` })));
  }
  const pathOf = (key: KeyName): string => placeOf(key, target, tuning)!.path;
  const marked = [...values].map(([key, value]): [string, unknown] => [
    pathOf(key),
    KEYS[key].type === 'float' ? new Decimal(Number(value)) : value,
  ]);
  return {
    target,
    recipe: treeOf([...values].map(([key, value]) => [pathOf(key), value])) as JsonObject,
    yaml: stringify(treeOf(marked), { customTags: [DECIMAL], lineWidth: 0 }),
    remarks: [...remarks, ...readings(target, values)],
  };
}

function jobProblems({ name, data, output, instances }: NovaRecipeInput, target: Target): string[] {
  const problems: string[] = [];
  if (!NAME.test(name)) {
    problems.push(
      `name is "${name}": expected 1 to 63 letters, digits and hyphens, with no hyphen at an end`,
    );
  }
  for (const [field, uri] of Object.entries({ data, output })) {
    if (!S3_URI.test(uri)) problems.push(`${field} is "${uri}": expected s3://BUCKET/KEY`);
  }
  const { limits, hub } = KEYS.replicas.in[target]!;
  const allowed = limits ?? hub!;
  if (instances !== undefined && !isWithin(allowed, instances)) {
    problems.push(`instances is ${instances}: expected ${describe('integer', allowed)}`);
  }
  return problems;
}

/** A number that is a float whatever its value. */
class Decimal {
  constructor(readonly value: number) {}
}
const DECIMAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => value instanceof Decimal,
  resolve: Number,
  stringify: ({ value }) => decimal((value as Decimal).value),
};

function treeOf(entries: readonly (readonly [path: string, value: unknown])[]): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of entries) {
    const sections = path.split('.');
    const last = sections.pop()!;
    let at = tree;
    for (const section of sections) at = (at[section] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return tree;
}
