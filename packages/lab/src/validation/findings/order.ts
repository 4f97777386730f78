import type { Estimate } from '@touchstone/spec';
import type { Criterion } from '@touchstone/core';

import { groupBy } from '../../statistics/values.js';
import { shareInterval } from '../../statistics/proportions.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { labelScore, type JudgedAnswer, type Opinion } from '../readings.js';

/**
 * Does the judge put the answers to one task in the right order? Group-relative training learns from nothing else: what a
 * judge says across tasks, however right, is taken off with the group's mean.
 */
export function order({ answers, criteria, hasHeldout }: Evidence, seed: number): Finding[] {
  const byLabel = (one: JudgedAnswer): number | null => labelScore(one.answer, criteria);
  const byHeldout = ({ heldout }: JudgedAnswer): number | null => scoreOf(heldout);
  return [
    {
      name: 'order_accuracy',
      description:
        'Within a task: share of pairs of answers with different labels that the judge puts in the order of the labels; a tie of the judge counts one half, which is also what chance gives.',
      estimate: orderAccuracy(answers, byLabel, seed),
      gate: { min: 0.6 },
    },
    {
      name: 'heldout_order_accuracy',
      description:
        'Within a task: share of pairs of answers that the held-out judge tells apart and the judge puts in the same order; a tie of the judge counts one half.',
      estimate: orderAccuracy(answers, byHeldout, seed),
      gate: { min: 0.5 },
      absent: hasHeldout ? undefined : 'there is no held-out judge',
    },
    {
      name: 'spread',
      description:
        'Share of tasks with several labelled answers of different worth in which the judge does not give all the same score: it cannot teach the others.',
      estimate: spread(answers, criteria, seed),
      gate: { min: 0.3 },
    },
  ];
}

export function scoreOf(opinion: Opinion | null | undefined): number | null {
  return opinion?.answer.status === 'scored' ? opinion.answer.score : null;
}

interface Both {
  task: string;
  judge: number;
  other: number;
}

/** Answers that both have a score for, by task. */
function tasksOf(answers: readonly JudgedAnswer[], other: (one: JudgedAnswer) => number | null): Both[][] {
  const both = answers.flatMap((one): Both[] => {
    const [judge, value] = [scoreOf(one.repeats[0]), other(one)];
    return judge === null || value === null ? [] : [{ task: one.answer.task.id, judge, other: value }];
  });
  return groupBy(
    both,
    both.map(({ task }) => task),
  );
}

/** Points of the pairs that `other` tells apart: 1 in the same order, 0 in the contrary one, 1/2 for a tie of the judge. */
function pairPoints(task: readonly Both[]): number[] {
  return task.flatMap((a, i) =>
    task.slice(i + 1).flatMap((b) => {
      if (a.other === b.other) return [];
      if (a.judge === b.judge) return [0.5];
      return [Number(a.judge > b.judge === a.other > b.other)];
    }),
  );
}

function orderAccuracy(
  answers: readonly JudgedAnswer[],
  other: (one: JudgedAnswer) => number | null,
  seed: number,
): Estimate | null {
  const points = tasksOf(answers, other).map(pairPoints);
  return shareInterval(
    points.flat(),
    points.flatMap((task, i) => task.map(() => String(i))),
    seed,
  );
}

function spread(
  answers: readonly JudgedAnswer[],
  criteria: readonly Criterion[],
  seed: number,
): Estimate | null {
  const tasks = tasksOf(answers, ({ answer }) => labelScore(answer, criteria)).filter(
    (task) => new Set(task.map(({ other }) => other)).size > 1,
  );
  return shareInterval(
    tasks.map((task) => Number(new Set(task.map(({ judge }) => judge)).size > 1)),
    tasks.map((_, i) => String(i)),
    seed,
  );
}
