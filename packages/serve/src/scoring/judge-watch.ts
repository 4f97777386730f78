import type { Outcome } from './outcome.js';

/** Notices when the judge cannot be reached, from the outcomes themselves. */
export interface JudgeWatch {
  see(outcome: Outcome): void;
  /** Why no traffic should come now, or undefined. */
  problem(): string | undefined;
}

/** So many abstentions in a row are no accident of single calls. */
const IN_A_ROW = 20;
/** After so long without traffic it is time to try again. */
const TRY_AGAIN_MS = 30_000;
/** Reasons that say nothing of the answer or the prompt. */
const UNREACHABLE = new Set(['transport', 'rate-limit', 'timeout', 'budget']);

export function createJudgeWatch(): JudgeWatch {
  let inARow = 0;
  let last = { at: 0, reason: '' };
  return {
    see(outcome) {
      if (outcome.status === 'abstained' && UNREACHABLE.has(outcome.reason)) {
        inARow++;
        last = { at: performance.now(), reason: outcome.reason };
      } else if (outcome.status !== 'failed' && outcome.verdicts.length > 0) {
        inARow = 0;
      }
    },
    problem() {
      if (inARow < IN_A_ROW || performance.now() - last.at > TRY_AGAIN_MS) return undefined;
      return `the last ${inARow} samples could not be judged (${last.reason})`;
    },
  };
}
