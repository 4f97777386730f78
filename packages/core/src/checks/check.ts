import type { Rollout } from '@touchstone/spec';
import type { FileContext } from '../files/load-module.js';

/** What a check says of one answer. */
export interface CheckResult {
  /** 0–1. */
  score: number;
  /** What was found, for people; it never repeats a secret. */
  detail?: string;
}

/** What a check looks at: the answer, and what was done to make it JSON where it was none. */
export type CheckedAnswer = Pick<Rollout, 'task' | 'response'> & { repaired?: string | undefined };

/**
 * Scores an answer. A check that runs the user's own code may take its time; all others answer at once.
 *
 * @throws {InputError} when the task lacks what the check compares with.
 */
export type Evaluate = (answer: CheckedAnswer) => CheckResult | Promise<CheckResult>;

/** A rule that scores an answer without a model: same answer, same score, no cost. */
export interface Check {
  name: string;
  kind: 'check';
  /** Relative to the other checks and to `judge_weight`; 0 to report only, to gate only or to punish only. */
  weight: number;
  /** A score below 1 ends the rollout's judging: its reward is 0. */
  gate: boolean;
  /** The reward is lowered by `max · (1 − score)`, 0–1; 0 for no penalty. */
  maxPenalty: number;
  evaluate: Evaluate;
}

/** What checks are made of besides their configuration. */
export interface CheckContext extends FileContext {
  /** Tokens of a text as the policy counts them; for checks that measure in tokens. */
  countTokens?: ((text: string) => number) | undefined;
}
