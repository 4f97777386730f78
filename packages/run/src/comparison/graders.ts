import { canonical, filesOfChecks, isTaskPath, readTaskPath, rewardSchema } from '@touchstone/core';
import type { Task } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import { z } from 'zod';

/** Of a `config.yaml`, what says who scored answers and by which rules. */
export const claimedGradersSchema = z.looseObject({
  config: z.looseObject({
    reward: rewardSchema,
    judge: z.unknown().optional(),
    heldout_judge: z.unknown().optional(),
    evaluation: z.looseObject({ truth: z.string().optional(), judges: z.unknown().optional() }).optional(),
  }),
  data: z.record(z.string(), z.string()).default({}),
  models: z.record(z.string(), z.string()).default({}),
});
export type ClaimedGraders = z.output<typeof claimedGradersSchema>;

/** Files write the fields of an object in any order. */
const hashOf = (value: unknown): string => sha256(canonical(value)).slice(0, 16);

/**
 * A fingerprint of who gives the scores, by metric: of judges with what of a response they are shown and the gates before them, of truth the
 * module, of JSON validity the schemas.
 *
 * @param others names of further judges.
 */
export function gradersOf(
  { config: { reward, evaluation }, data, models }: ClaimedGraders,
  others: readonly string[] = [],
): Record<string, string> {
  const { checks, answer } = reward;
  // Who repairs answers repairs them for all.
  const repairs = checks.some((check) => 'repaired' in check && check.repaired > 0);
  const shown = repairs ? [answer ?? null, 'repaired'] : answer;
  const rules = (of: (check: Check) => boolean): unknown[] =>
    checks.filter(of).map((check) => ruleOf(check, data));
  const gates = rules((check) => check.gate);
  const judge = (name: string): string | undefined => {
    const own = Object.hasOwn(models, name) ? models[name] : undefined;
    if (own === undefined || (shown === undefined && gates.length === 0)) return own;
    return hashOf([own, shown, gates]);
  };
  const truth = evaluation?.truth;
  const found: [string, string | undefined][] = [
    ['judge_score', judge('judge')],
    ['heldout_judge_score', judge('heldout_judge')],
    ['json_valid', hashOf([shown, rules(({ type }) => type === 'json-schema')])],
    ['truth_score', truth === undefined ? undefined : hashOf([shown, data[truth] ?? null])],
    ...others.map((name): [string, string | undefined] => [name, judge(name)]),
  ];
  return Object.fromEntries(found.filter(([, by]) => by !== undefined)) as Record<string, string>;
}

type Check = ClaimedGraders['config']['reward']['checks'][number];

/** What decides a check's score: not what it is called or counts for, and of a file what is in it, wherever it lies. */
function ruleOf(check: Check, data: Readonly<Record<string, string>>): object {
  const { name: _, weight: __, gate: ___, penalty: ____, ...rule } = check;
  const files = filesOfChecks([check]).map(({ path: [, key], name }): [string, string] => [
    String(key),
    // Of a file without a hash nothing else is known than its name.
    (Object.hasOwn(data, name) ? data[name] : undefined) ?? `unknown: ${name}`,
  ]);
  return { ...rule, ...Object.fromEntries(files) };
}

/**
 * Hashes of what was asked, by part: the prompt; where there is a judge the reference; the fields that judges and checks name. Code may read all
 * of a task: where a judge, a check or the truth is code, the whole reference and metadata; with a truth module the truth.
 */
export function askedBy({
  config: { reward, judge, heldout_judge, evaluation },
}: ClaimedGraders): (task: Task) => Record<string, string> {
  const judges = [judge, heldout_judge, evaluation?.judges].filter((one) => one !== undefined);
  const { truth } = evaluation ?? {};
  const nodes = [...nodesIn([judges, reward.checks])];
  const runsCode = truth !== undefined || nodes.some(isCode);
  const names = nodes.flatMap((node) => (typeof node === 'string' ? [node, ...placeholdersIn(node)] : []));
  const paths = [...new Set(names.filter((name) => isTaskPath(name) && name !== 'prompt'))];
  return (task) => ({
    prompt: hashOf(task.messages),
    ...(judges.length === 0 && !runsCode ? {} : { reference: hashOf(task.reference) }),
    ...(runsCode ? { metadata: hashOf(task.metadata) } : {}),
    ...Object.fromEntries(paths.map((path) => [path, hashOf(readTaskPath(task, path) ?? null)])),
    ...(truth === undefined ? {} : { truth: hashOf(task.truth ?? null) }),
  });
}

/** A value and all within it; of an object the names, too. */
function* nodesIn(value: unknown): Generator<unknown> {
  yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    yield key;
    yield* nodesIn(inner);
  }
}

/** A judge of `kind: code` or a check of `type: code`, also within a panel or a cascade. */
const isCode = (node: unknown): boolean =>
  typeof node === 'object' &&
  node !== null &&
  (('kind' in node && node.kind === 'code') || ('type' in node && node.type === 'code'));

const placeholdersIn = (text: string): string[] =>
  [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name]) => name!.trim());
