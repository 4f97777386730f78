import { meanOf, squaresOf, sumOf } from '../statistics/values.js';
import type { WatchedStep } from './monitor.js';

/** An answer of a group, and what the judge that is trained against says of it. */
interface Judged {
  text: string;
  /** 0–1; null: no verdict. */
  judge: number | null;
}

/**
 * Of each group of a step the answer that the judge likes best, and of the others that it holds for good (no worse than the step's mean) the one that it likes
 * least. Two good answers say more than a good and a bad one, of which both judges know which is which; a bad one stands in where no group has two, as with
 * a judge that says yes or no. Of equals the first one drawn.
 *
 * @returns indices in the group; null where the judge tells no two answers apart.
 */
export function winnersOf(
  groups: readonly (readonly Judged[])[],
): ([winner: number, other: number] | null)[] {
  const mean = meanOf(groups.flat().flatMap(({ judge }) => judge ?? []));
  const good = groups.map((group) => bestAndLeast(group, mean));
  return good.some((two) => two !== null) ? good : groups.map((group) => bestAndLeast(group, 0));
}

/** @param from answers with a lower score are left out. */
function bestAndLeast(group: readonly Judged[], from: number): [best: number, least: number] | null {
  const ranked = group
    .flatMap(({ judge, text }, index) => (judge !== null && judge >= from ? [{ judge, text, index }] : []))
    .sort((a, b) => b.judge - a.judge || a.index - b.index);
  const best = ranked[0];
  if (!best) return null;
  // A judge with a mood may score one text twice.
  const less = ranked.filter(({ judge, text }) => judge < best.judge && text !== best.text);
  const least = less.find(({ judge }) => judge === less.at(-1)!.judge);
  return least ? [best.index, least.index] : null;
}

/** In units of `leadsOf`: winners may be so much worse on average without a word, since tastes differ. A small effect, by Cohen's word. */
const TASTE = 0.2;
/** Share of its wealth that a bet on "worse" stakes on every pair, and the share that it loses at most where a pair goes as much against it as one can. */
const STAKE = 0.5;
const LOSS = 0.9;

/** The largest standard deviation that scores of 0 to 1 can have. */
const LARGEST_SPREAD = 0.5;

/**
 * How much better the held-out judge finds winners than the others. The unit is the standard deviation of its scores before training, and the largest that
 * there is where these are all alike: then leads are no larger than they are, and a judge that failed every answer of the base still says who is worse.
 *
 * @param pairs the held-out judge's scores of each group's two
 * @param before its scores of answers before training
 * @returns the mean lead, and the logarithm of what a bet on "worse" has grown to; null where there is no pair, or fewer than two scores before.
 */
export function leadsOf(
  pairs: readonly (readonly [winner: number, other: number])[],
  before: readonly number[],
): Record<'winner_pairs' | 'winner_lead' | 'winner_bet', number> | null {
  if (pairs.length === 0 || before.length < 2) return null;
  const measured = Math.sqrt(squaresOf(before) / (before.length - 1));
  const spread = measured < 1e-6 ? LARGEST_SPREAD : measured;
  const leads = pairs.map(([winner, other]) => (winner - other) / spread);
  // Scores are 0 to 1. A lead that counted less than it is would make a loss of what is none.
  const stake = Math.min(STAKE, LOSS / (1 / spread + TASTE));
  return {
    winner_pairs: leads.length,
    winner_lead: meanOf(leads),
    winner_bet: sumOf(leads.map((lead) => Math.log1p(-stake * (lead + TASTE)))),
  };
}

/** Newest steps that say whether winners are upheld. */
const RECENT = 10;

/** Share of the pairs that were asked about which must have an answer: the others may be those that would be refuted. */
const ANSWERED = 0.8;

/**
 * Whether the held-out judge has been asked, has answered and finds winners no worse: then what pays, pays for a reason, and signs that may be honest
 * (length, a common beginning) are none.
 */
export function areUpheld(history: readonly WatchedStep[]): boolean {
  const recent = history.slice(-RECENT).map(({ metrics }) => metrics);
  const sum = (name: string): number => sumOf(recent.map((metrics) => metrics[name] ?? 0));
  const pairs = sum('winner_pairs');
  // Of pairs: a step may have one, and the next one eight.
  const lead = sumOf(recent.map(({ winner_lead: mean, winner_pairs: n }) => (mean ?? 0) * (n ?? 0)));
  return pairs > 0 && lead >= -TASTE * pairs && pairs >= ANSWERED * sum('winner_asked');
}
