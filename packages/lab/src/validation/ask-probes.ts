import type { LabelledAnswer } from '@touchstone/core';

import { probeCases } from '../probes/cases.js';
import { undecidedGroups } from '../probes/findings.js';
import type { JudgedProbe, ProbeCase } from '../probes/probe.js';
import type { Asker } from './ask.js';
import type { Evidence } from './evidence.js';
import { type Opinion, replyOf } from './readings.js';

/** Groups that are still undecided are asked more, so often in all. */
export const PROBE_ROUNDS = 3;

/**
 * The probes of one round, for the groups that are still undecided; none when there is nothing more to ask.
 *
 * @param perGroup distinct tasks for each group of probes.
 */
export function nextProbes(
  { answers, criteria, compares, probes }: Evidence,
  { round, perGroup, seed }: { round: number; perGroup: number; seed: number },
): ProbeCase[] {
  if (perGroup === 0) return [];
  const labelled = answers.map(({ answer }) => answer);
  const options = { criteria, compares, seed, perGroup, round };
  return probeCases(
    labelled,
    round === 0 ? options : { ...options, groups: undecidedGroups(probes, compares) },
  );
}

/** How many answers that would judge at most; a judge that compares is shown a whole task for each. */
export function probeSize(cases: readonly ProbeCase[], { answers, compares }: Evidence): number {
  return cases.reduce((sum, { base, baseResponse }) => {
    const { answer } = answers[base]!;
    const shown = compares ? siblingsOf(answer, answers).length : 1;
    return sum + shown * (answer.response === baseResponse ? 1 : 2);
  }, 0);
}

/** Asks about each probe, and about the bad answers that were made to start from. */
export async function askProbes(
  known: Evidence,
  cases: readonly ProbeCase[],
  judge: Asker,
): Promise<JudgedProbe[]> {
  const made = new Map<string, Promise<Opinion>>();
  const plainOf = (one: ProbeCase): Promise<Opinion> => {
    const { answer, repeats } = known.answers[one.base]!;
    if (one.baseResponse === answer.response) return Promise.resolve(repeats[0]!);
    const key = JSON.stringify([one.base, one.baseResponse]);
    const asked =
      made.get(key) ?? judgeInPlace(known, one.base, { ...answer, response: one.baseResponse }, judge);
    made.set(key, asked);
    return asked;
  };
  return Promise.all(
    cases.map(async (one): Promise<JudgedProbe> => {
      const [plain, probed] = await Promise.all([plainOf(one), judgeInPlace(known, one.base, one, judge)]);
      const replies = { plain: replyOf(plain), probed: replyOf(probed) };
      return { case: one, plain: plain.answer, probed: probed.answer, replies };
    }),
  );
}

/** What is said of an answer in the place of a labelled one; a judge that compares is shown the task's other answers too. */
async function judgeInPlace(
  { answers, compares }: Evidence,
  base: number,
  { task, response }: Pick<LabelledAnswer, 'task' | 'response'>,
  judge: Asker,
): Promise<Opinion> {
  const { answer } = answers[base]!;
  if (!compares) return (await judge.judgeTogether([{ task, response }]))[0]!;
  const siblings = siblingsOf(answer, answers);
  const group = siblings.map((one) => ({ task, response: one === answer ? response : one.response }));
  return (await judge.judgeTogether(group))[siblings.indexOf(answer)]!;
}

const siblingsOf = ({ task }: LabelledAnswer, answers: Evidence['answers']): LabelledAnswer[] =>
  answers.flatMap(({ answer }) => (answer.task.id === task.id ? [answer] : []));
