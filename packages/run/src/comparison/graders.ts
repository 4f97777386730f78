import { filesOfChecks, readTaskPath, rewardSchema } from '@touchstone/core';
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

const hashOf = (value: unknown): string => sha256(JSON.stringify(value)).slice(0, 16);

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
  const rules = (of: (check: (typeof checks)[number]) => boolean): unknown[] => {
    const some = checks.filter(of);
    return [...some, ...filesOfChecks(some).map(({ name }) => data[name] ?? null)];
  };
  const gates = rules((check) => check.gate);
  const judge = (name: string): string | undefined => {
    const own = Object.hasOwn(models, name) ? models[name] : undefined;
    if (own === undefined || (answer === undefined && gates.length === 0)) return own;
    return hashOf([own, answer, gates]);
  };
  const truth = evaluation?.truth;
  const found: [string, string | undefined][] = [
    ['judge_score', judge('judge')],
    ['heldout_judge_score', judge('heldout_judge')],
    ['json_valid', hashOf([answer, rules(({ type }) => type === 'json-schema')])],
    ['truth_score', truth === undefined ? undefined : hashOf([answer, data[truth] ?? null])],
    ...others.map((name): [string, string | undefined] => [name, judge(name)]),
  ];
  return Object.fromEntries(found.filter(([, by]) => by !== undefined)) as Record<string, string>;
}

/**
 * Hashes of what was asked, by part: the prompt; where there is a judge the reference, and the fields that judges name; with a truth module the
 * truth.
 */
export function askedBy({
  config: { judge, heldout_judge, evaluation },
}: ClaimedGraders): (task: Task) => Record<string, string> {
  const judges = [judge, heldout_judge, evaluation?.judges].filter((one) => one !== undefined);
  const text = JSON.stringify(judges);
  const fields = [...new Set(text.match(/metadata(?:\.[\p{L}\p{N}_-]+)+/gu))];
  return (task) => ({
    prompt: hashOf(task.messages),
    ...(judges.length === 0 ? {} : { reference: hashOf(task.reference) }),
    ...Object.fromEntries(fields.map((path) => [path, hashOf(readTaskPath(task, path) ?? null)])),
    ...(evaluation?.truth === undefined ? {} : { truth: hashOf(task.truth ?? null) }),
  });
}
