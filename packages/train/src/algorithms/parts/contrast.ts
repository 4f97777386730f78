import { largest, smallest } from '@touchstone/spec';

/** Judges return fractions: differences below this are rounding, not preference. */
export const TIE = 1e-6;

/** Whether all rewards that are present are equal: such a group has no gradient. */
export function hasZeroVariance(rewards_G: readonly (number | null)[]): boolean {
  const present = rewards_G.filter((reward) => reward !== null);
  return present.length === 0 || largest(present) - smallest(present) < TIE;
}
