import { meanOf, squaresOf } from '../statistics/values.js';

/** An answer of a group, and what the judge that is trained against says of it. */
interface Judged {
  text: string;
  /** 0–1; null: no verdict. */
  judge: number | null;
}

/**
 * The answer of a group that the judge likes best, and the best of those that it likes less: what training is about to make more of, and what it
 * would make more of without that. Of equals the first one drawn.
 *
 * @returns their indices; null where the judge likes no answer better than another.
 */
export function winnerAndRunnerUp(group: readonly Judged[]): [winner: number, runnerUp: number] | null {
  const ranked = group
    .flatMap(({ judge }, index) => (judge === null ? [] : [{ judge, index }]))
    .sort((a, b) => b.judge - a.judge || a.index - b.index);
  const winner = ranked[0];
  // A judge with a mood may score one text twice.
  const runnerUp = ranked.find(
    ({ judge, index }) => judge < winner!.judge && group[index]!.text !== group[winner!.index]!.text,
  );
  return winner && runnerUp ? [winner.index, runnerUp.index] : null;
}

/** In units of `leadsOf`: winners may be so much worse than runners-up without a word, since tastes differ. */
export const TASTE = 0.05;

/**
 * How much better the held-out judge finds winners than runners-up. The unit is twice the standard deviation of its scores before training: about what lies
 * between a bad answer and a good one. A larger lead than 1 − TASTE counts as that: the bets of `refutedWinners` need a bound.
 *
 * @param pairs the held-out judge's scores of each group's two
 * @param before its scores of answers before training
 * @returns null where there is no pair, or no spread to measure them by.
 */
export function leadsOf(
  pairs: readonly (readonly [winner: number, runnerUp: number])[],
  before: readonly number[],
): Record<'winner_pairs' | 'winner_lead' | 'winner_lead_squared', number> | null {
  const spread = before.length < 2 ? 0 : Math.sqrt(squaresOf(before) / (before.length - 1));
  if (pairs.length === 0 || spread < 1e-6) return null;
  const leads = pairs.map(([winner, runnerUp]) => Math.min(1 - TASTE, (winner - runnerUp) / (2 * spread)));
  return {
    winner_pairs: leads.length,
    winner_lead: meanOf(leads),
    winner_lead_squared: meanOf(leads.map((lead) => lead ** 2)),
  };
}
