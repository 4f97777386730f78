import { groupBy } from '../statistics/values.js';
import type { Evidence } from './evidence.js';
import { type JudgedAnswer, type Opinion, wasAsked, withoutRounding } from './readings.js';

/** An answer that both the judge and something else have a score for. */
export interface Scored {
  judge: number;
  other: number;
  /** Of the answer, in UTF-16 units. */
  length: number;
  /** The task's id. */
  task: string;
}

/** The score that a judge gave; null also where there was nothing to judge, which scores 0 without its being asked. */
export function scoreOf(opinion: Opinion | null | undefined): number | null {
  return opinion?.answer.status === 'scored' && opinion.verdicts.some(wasAsked)
    ? withoutRounding(opinion.answer.score)
    : null;
}

/**
 * The answers that both have a score for, by task.
 *
 * @param judge what the judge's score is; default: the one that trains.
 */
export function groupsOf(
  answers: readonly JudgedAnswer[],
  other: (one: JudgedAnswer, place: number) => number | null,
  judge: (one: JudgedAnswer, place: number) => number | null = ({ repeats }) => scoreOf(repeats[0]),
): Scored[][] {
  const tasks: string[] = [];
  const scored: Scored[] = [];
  for (const [place, one] of answers.entries()) {
    const [score, value] = [judge(one, place), other(one, place)];
    if (score === null || value === null) continue;
    tasks.push(one.answer.task.id);
    scored.push({ judge: score, other: value, length: one.answer.response.length, task: one.answer.task.id });
  }
  return groupBy(scored, tasks);
}

/** What the task of each group stands for. */
export const groupWeights = (
  groups: readonly (readonly Scored[])[],
  { weights }: Pick<Evidence, 'weights'>,
): readonly number[] | undefined => weights && groups.map(([first]) => weights.get(first!.task) ?? 1);

/** Two answers of a group that `other` tells apart. */
export type ScoredPair = [better: Scored, worse: Scored];

/** Every two answers of a group that `other` tells apart. */
export function pairsApart(group: readonly Scored[]): ScoredPair[] {
  return group.flatMap((a, i) =>
    group
      .slice(i + 1)
      .flatMap((b): ScoredPair[] => (a.other === b.other ? [] : [a.other > b.other ? [a, b] : [b, a]])),
  );
}

/** 1 where the better answer is the longer one, −1 where it is the shorter, 0 for equal lengths. */
export function longer([better, worse]: ScoredPair): number {
  return Math.sign(better.length - worse.length);
}
