import type { Estimate } from '@touchstone/spec';

import { jackknifeOfSums } from '../statistics/jackknife.js';
import { pairedDifference } from '../statistics/means.js';
import { meanOf } from '../statistics/values.js';

/** A checkpoint with the score of its answer to each task, 0–1, by the task's id; a task without a verdict is not among them. */
export interface ScoredCheckpoint {
  step: number;
  scores: ReadonlyMap<string, number>;
}

/** The checkpoint that the scores speak for. */
export interface CheckpointChoice {
  step: number;
  /** The step whose mean score is the highest, and the number of steps that it is the highest of. */
  highest: number;
  of: number;
  /**
   * `highest`: no earlier one that is kept is as good. `earliest`: it is, as far as can be seen. `last`: the scores tell no checkpoint from
   * another, so they decide nothing.
   */
  because: 'highest' | 'earliest' | 'last';
  /** Mean score of the highest less that of the chosen one, paired by task; null where they are one, or share fewer than two tasks. */
  difference: Estimate | null;
}

/** Checkpoints by their mean score, the best first; of equals the earlier first. One without any score is left out. */
export function rankCheckpoints<C extends ScoredCheckpoint>(checkpoints: readonly C[]): C[] {
  const means = new Map(checkpoints.map((one) => [one, meanOf([...one.scores.values()])]));
  return checkpoints
    .filter(({ scores }) => scores.size > 0)
    .sort((a, b) => means.get(b)! - means.get(a)! || a.step - b.step);
}

/**
 * Of checkpoints that answered the same tasks, the one to keep. The highest of noisy means is partly the luckiest: it looks better than it is (the
 * optimizer's curse, Smith and Winkler 2006), and the policy moves away from where it began with every step, where rewards hold less (Gao et al.
 * 2022). So it is the one-standard-error rule (Breiman et al. 1984, 3.4.3) on differences that are paired by task: from the highest back, as long as
 * none is worse by more than the error of that difference, the earliest one. Where that reaches the first checkpoint, and the last is as good
 * too, nothing is shown, and the last one stays, which is what was asked for without scores. `npm run bench:checkpoints` compares it with
 * others.
 *
 * @param kept how many with the highest means can be had still; the last one can in any case.
 * @returns null where none has a score.
 */
export function chooseCheckpoint(
  checkpoints: readonly ScoredCheckpoint[],
  kept: number,
): CheckpointChoice | null {
  const ranked = rankCheckpoints(checkpoints);
  const [highest] = ranked;
  if (!highest) return null;
  const inOrder = ranked.toSorted((a, b) => a.step - b.step);
  const last = inOrder.at(-1)!;
  const chosen = (one: ScoredCheckpoint, because: CheckpointChoice['because']): CheckpointChoice => ({
    step: one.step,
    highest: highest.step,
    of: ranked.length,
    because,
    difference: one === highest ? null : pairedDifference(...paired(highest, one)),
  });
  const before = inOrder.slice(0, inOrder.indexOf(highest));
  const worse = before.findLastIndex((one) => isWorse(one, highest));
  if (worse === -1 && !isWorse(last, highest)) return chosen(last, 'last');
  const had = new Set(ranked.slice(0, kept));
  const earliest = before.slice(worse + 1).find((one) => had.has(one));
  return earliest ? chosen(earliest, 'earliest') : chosen(highest, 'highest');
}

/** Whether a checkpoint is below the highest by more than the standard error of the difference, or cannot be held against it. */
function isWorse(one: ScoredCheckpoint, highest: ScoredCheckpoint): boolean {
  if (one === highest) return false;
  const [a, b] = paired(highest, one);
  const found = jackknifeOfSums(
    a.map((value, i) => [value - b[i]!, 1]),
    ([sum, count]) => sum! / count!,
  );
  // A difference in a single task is its own error: rounding must not decide.
  return found === null || found.estimate > found.error * (1 + 1e-9);
}

/** Scores of the tasks that both have. */
function paired(a: ScoredCheckpoint, b: ScoredCheckpoint): [number[], number[]] {
  const tasks = [...a.scores.keys()].filter((task) => b.scores.has(task));
  return [tasks.map((task) => a.scores.get(task)!), tasks.map((task) => b.scores.get(task)!)];
}
