import { RunError } from '@touchstone/spec';

/** How often a judge is wrong about answers whose truth is known. */
export interface ErrorRates {
  /** Of bad answers, the share that it passes. */
  false_positive_rate: number;
  /** Of good answers, the share that it fails. */
  false_negative_rate: number;
}

/**
 * Boolean rewards whose expectation is that of the truth: r' = (r − FPR) / (1 − FPR − FNR) (Natarajan et al. 2013; for verifiers
 * arXiv 2510.00915). A pass then counts more than 1 and a fail less than 0, as much as makes up for the judge's errors.
 *
 * @throws {RunError} a reward is neither 0 nor 1: what errors do to it is not known.
 */
export function corrected(
  rewards_G: readonly (number | null)[],
  { false_positive_rate: passes, false_negative_rate: fails }: ErrorRates,
): (number | null)[] {
  if (passes === 0 && fails === 0) return [...rewards_G];
  return rewards_G.map((reward) => {
    if (reward === null) return null;
    if (reward !== 0 && reward !== 1) {
      throw new RunError(
        `a reward is ${reward}, and training.false_positive_rate and false_negative_rate correct Boolean rewards: expected 0 or 1. ` +
          'Take the rates away, or let the reward be one Boolean criterion',
      );
    }
    return (reward - passes) / (1 - passes - fails);
  });
}
