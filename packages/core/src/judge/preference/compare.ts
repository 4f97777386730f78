import { addUsage, type AbstentionReason, type ComparisonOutcome, type Usage } from '@touchstone/spec';
import type { ReadResult } from '../asking-judge.js';
import type { Preference, Winner } from './prompt.js';

/** Two answers compared in one order. */
export type OneWay = ReadResult<Preference>;

/** Two answers compared in both orders, from the side of the first. */
export type Comparison = Base &
  (
    | {
        outcome: ComparisonOutcome;
        /** What it is worth to the first, 0–1, where both orders say the same and how far. Default: what the outcome is. */
        score?: number;
        /** The place that won in both orders, where the place decided. */
        preferred?: 'first' | 'second';
        evidence: { first: string; second: string };
        reason: string;
      }
    | { outcome?: undefined; abstained: AbstentionReason; detail: string }
  );

/**
 * Puts the comparisons in both orders together: a judge that goes by position contradicts itself, and that is
 * `inconsistent`. So is a winner in one order and a tie in the other.
 *
 * @param forward with the first answer shown first.
 * @param backward with the second answer shown first.
 */
export function bothWays(forward: OneWay, backward: OneWay): Comparison {
  const { base, first, second } = read(forward, backward);
  if (first === undefined) return base;
  const outcome = outcomeOf(first.winner, second.winner);
  const isGraded = outcome !== 'inconsistent' && first.worth !== undefined && second.worth !== undefined;
  const reason =
    outcome === 'inconsistent'
      ? `shown first, ${inWords(first.winner)}: ${first.reason} Shown second, ${inWords(swap(second.winner))}: ${second.reason}`
      : first.reason;
  const place = first.winner === second.winner ? PLACES[first.winner] : undefined;
  return {
    ...base,
    outcome,
    ...(isGraded && { score: (first.worth! + 1 - second.worth!) / 2 }),
    ...(place && { preferred: place }),
    evidence: { first: first.evidenceA, second: first.evidenceB },
    reason,
  };
}

/**
 * The same where a verdict says whether two answers are equivalent, which does not depend on who is who: `tie` where they are (worth
 * ½ at least), `loss` where not, in both orders alike; else `inconsistent`.
 */
export function sameBothWays(forward: OneWay, backward: OneWay): Comparison {
  const { base, first, second } = read(forward, backward);
  if (first === undefined) return base;
  const evidence = { first: '', second: '' };
  if (first.worth !== second.worth) {
    const reason = `shown first, ${first.reason}; shown second, ${second.reason}`;
    return { ...base, outcome: 'inconsistent', evidence, reason };
  }
  const score = first.worth!;
  return { ...base, outcome: score >= 0.5 ? 'tie' : 'loss', score, evidence, reason: first.reason };
}

interface Base {
  keys: [string, string];
  raws: [string, string];
  usage: Usage;
}

/** What both orders say, or why one of them says nothing. */
function read(
  forward: OneWay,
  backward: OneWay,
):
  | { base: Base; first: Preference; second: Preference }
  | { base: Comparison; first?: undefined; second?: undefined } {
  const base: Base = {
    keys: [forward.key, backward.key],
    raws: [forward.raw, backward.raw],
    usage: addUsage(forward.usage, backward.usage),
  };
  for (const one of [forward, backward])
    if (!one.value) return { base: { ...base, abstained: one.reason, detail: one.detail } };
  return { base, first: forward.value!, second: backward.value! };
}

/** Of the answer that was A in the first order and B in the second. */
export function outcomeOf(forward: Winner, backward: Winner): ComparisonOutcome {
  if (forward !== swap(backward)) return 'inconsistent';
  return forward === 'A' ? 'win' : forward === 'B' ? 'loss' : 'tie';
}

const PLACES = { A: 'first', B: 'second', tie: undefined } as const;
const swap = (winner: Winner): Winner => (winner === 'A' ? 'B' : winner === 'B' ? 'A' : 'tie');
const inWords = (winner: Winner): string =>
  winner === 'A' ? 'it wins' : winner === 'B' ? 'it loses' : 'a tie';

/** A win counts 1, a loss 0; a tie and an inconsistent comparison count a half, and are counted apart. */
export const OUTCOME_SCORE: Record<ComparisonOutcome, number> = {
  win: 1,
  loss: 0,
  tie: 0.5,
  inconsistent: 0.5,
};

/** The same comparison from the other side. */
export const OPPOSITE: Record<ComparisonOutcome, ComparisonOutcome> = {
  win: 'loss',
  loss: 'win',
  tie: 'tie',
  inconsistent: 'inconsistent',
};
