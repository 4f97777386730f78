import type { Rollout } from '@touchstone/spec';

/** A rule that scores an answer without a model: same answer, same score, no cost. */
export interface Check {
  name: string;
  kind: 'check';
  /** Relative to the other checks and to `judge_weight`; 0 to report only, or to gate only. */
  weight: number;
  /** A score below 1 ends the rollout's judging: its reward is 0. */
  gate: boolean;
  /**
   * Scores an answer, 0–1. `detail` says what was found, for people; it never repeats a secret.
   *
   * @throws {InputError} when the task lacks what the check compares with.
   */
  evaluate(rollout: Pick<Rollout, 'task' | 'response'>): { score: number; detail?: string };
}
