import type { Estimate, JudgeDetails } from '@touchstone/spec';

import { bestOfK, type Candidate } from '../statistics/best-of-k.js';
import { SIGNED } from '../statistics/jackknife.js';
import { meanInterval } from '../statistics/means.js';
import { groupBy, meanOf } from '../statistics/values.js';
import type { Evidence } from './evidence.js';
import { groupWeights, scoreOf } from './groups.js';
import { labelledGroups, worthsOf } from './worth.js';

const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

/** An answer with what judge, labels and held-out judge find it worth; by labels over the criteria that they speak of. */
interface Valued {
  judge: number;
  label: Candidate | null;
  heldout: number | null;
}

/**
 * What picking by the judge is worth, without training anything: where the judge is wrong about what it likes best, the labels'
 * curve bends down while its own goes up. All points are over the same tasks, those with as many answers as the largest n.
 */
export function bestOfN(evidence: Evidence): JudgeDetails['best_of_n'] {
  const worths = worthsOf(evidence);
  const judged = evidence.answers.flatMap(({ answer, repeats, heldout }, place) => {
    const judge = scoreOf(repeats[0]);
    if (judge === null) return [];
    const labelled = worths[place];
    const label = labelled ? { score: labelled.judge, outcome: labelled.label } : null;
    const worth: Valued = { judge, label, heldout: scoreOf(heldout) };
    return [{ task: answer.task.id, worth }];
  });
  const tasks = groupBy(
    judged.map(({ worth }) => worth),
    judged.map(({ task }) => task),
  );
  return SIZES.filter((n) => n <= usualSize(tasks)).map((n) => ({
    n,
    kl: Math.log(n) - (n - 1) / n,
    label: picked(tasks, n, ({ label }) => label),
    heldout: picked(tasks, n, ({ judge, heldout }) =>
      heldout === null ? null : { score: judge, outcome: heldout },
    ),
    judge: picked(tasks, n, ({ judge }) => ({ score: judge, outcome: judge })),
  }));
}

/** By the labels, what the judge's pick of as many answers as most tasks have is worth more than an answer is on average. */
export function bestOfGain(evidence: Evidence): Estimate | null {
  const groups = labelledGroups(evidence);
  const ofTasks = groupWeights(groups, evidence);
  const tasks = groups.map((group) => group.map(({ judge, other }) => ({ score: judge, outcome: other })));
  const n = usualSize(tasks);
  if (n < 2) return null;
  const gains = tasks.flatMap((task, i) => {
    const best = bestOfK(task, n);
    if (best === null) return [];
    return [{ gain: best - meanOf(task.map(({ outcome }) => outcome)), weight: ofTasks?.[i] ?? 1 }];
  });
  return meanInterval(
    gains.map(({ gain }) => gain),
    SIGNED,
    ofTasks && gains.map(({ weight }) => weight),
  );
}

/** The most answers that at least half of the tasks with several have; 0 where no task has several. */
function usualSize(tasks: readonly (readonly unknown[])[]): number {
  const sizes = tasks.map(({ length }) => length).filter((size) => size > 1);
  return sizes.sort((a, b) => b - a)[Math.floor((sizes.length - 1) / 2)] ?? 0;
}

function picked(
  tasks: readonly (readonly Valued[])[],
  n: number,
  candidateOf: (answer: Valued) => Candidate | null,
): Estimate | null {
  const most = usualSize(tasks);
  return meanInterval(
    tasks.flatMap((task) => {
      const candidates = task.flatMap((answer) => candidateOf(answer) ?? []);
      return candidates.length < most ? [] : (bestOfK(candidates, n) ?? []);
    }),
  );
}
