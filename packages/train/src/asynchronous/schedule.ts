import { ASYNCHRONOUS, type AsynchronousSettings } from './settings.js';

/** When answers are drawn. It follows from the settings alone and never from the clock, so the same seed gives the same training. */
export interface Schedule {
  /** Steps that the weights which drew an answer may be behind those that learn from it, ≥ 0. */
  tolerance: number;
  /** Steps after which new weights draw, ≥ 1. */
  refit: number;
}

const SYNCHRONOUS: Schedule = { tolerance: 0, refit: 1 };

export const scheduleOf = ({
  type,
  age_tolerance: tolerance = ASYNCHRONOUS.age_tolerance,
  refit_freq: refit = ASYNCHRONOUS.refit_freq,
}: AsynchronousSettings): Schedule => (type === 'synchronous' ? SYNCHRONOUS : { tolerance, refit });

/**
 * The last step (1-based) that is drawn once `learned` steps have been learned from: every step that these weights are not too old
 * for. A step that is drawn later than that leaves the judge idle, and what is too old is not drawn in the first place: no answer is
 * judged in vain.
 */
export const drawnThrough = ({ tolerance, refit }: Schedule, learned: number): number =>
  Math.floor(learned / refit) * refit + tolerance + 1;

/** What of the settings contradicts itself, in words; null: nothing. */
export function scheduleProblem(settings: AsynchronousSettings): string | null {
  const { tolerance, refit } = scheduleOf(settings);
  if (refit <= tolerance + 1) return null;
  return (
    `refit_freq ${refit} has the same weights draw for ${refit} steps, the last of which learns from answers ${refit - 1} steps old, ` +
    `and age_tolerance allows ${tolerance}: expected refit_freq of at most ${tolerance + 1}, or age_tolerance of at least ${refit - 1} ` +
    '(both are steps of training here)'
  );
}
