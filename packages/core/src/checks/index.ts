import { z } from 'zod';
import type { NamedFile } from '../files/named-file.js';
import { schemasOf } from '../table.js';
import { artefacts } from './artefacts.js';
import type { Check, CheckContext } from './check.js';
import { code } from './code.js';
import type { CheckDefinition } from './define.js';
import { grounding } from './grounding/grounding.js';
import { json, jsonSchemaCheck } from './json.js';
import { language } from './language.js';
import { length } from './length.js';
import { repetition } from './repetition.js';
import { safety } from './safety/safety.js';
import { stringCheck } from './string-check.js';
import { textSimilarity } from './text-similarity.js';

/** Every type of check. A new one is a file, and a line here. */
const CHECKS = [
  json,
  jsonSchemaCheck,
  length,
  language,
  safety,
  grounding,
  repetition,
  artefacts,
  code,
  stringCheck,
  textSimilarity,
] as const;

export const checkSchema = z.discriminatedUnion('type', schemasOf(CHECKS));
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
    evaluate: definitionOf(config).create(config, context),
  };
}

/** The files that a reward's checks name, each with its place in their list. */
export function filesOfChecks(checks: readonly CheckConfig[]): NamedFile[] {
  return checks.flatMap((config, i) =>
    (definitionOf(config).files?.(config) ?? []).map((file) => ({ ...file, path: [i, ...file.path] })),
  );
}

/** Packages that some check needs and none of these does. */
export function unusedCheckPackages(checks: readonly CheckConfig[]): string[] {
  const packagesOf = (some: readonly CheckDefinition[]) => some.flatMap(({ packages = [] }) => packages);
  const used = packagesOf(checks.map(definitionOf));
  return packagesOf(CHECKS).filter((name) => !used.includes(name));
}

function definitionOf({ type }: CheckConfig): CheckDefinition {
  return CHECKS.find((one) => one.type === type)!;
}
