import { addUsage, type AbstentionReason, type ComparisonOutcome, type Usage } from '@touchstone/spec';
import type { ReadResult } from '../asking-judge.js';
import type { Preference, Winner } from './prompt.js';

/** Two answers compared in one order. */
export type OneWay = ReadResult<Preference>;

/** Two answers compared in both orders, from the side of the first. */
export type Comparison = { keys: [string, string]; raws: [string, string]; usage: Usage } & (
  | {
      outcome: ComparisonOutcome;
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
  const base = {
    keys: [forward.key, backward.key] as [string, string],
    raws: [forward.raw, backward.raw] as [string, string],
    usage: addUsage(forward.usage, backward.usage),
  };
  for (const one of [forward, backward])
    if (!one.value) return { ...base, abstained: one.reason, detail: one.detail };
  const [first, second] = [forward.value!, backward.value!];
  const outcome = outcomeOf(first.winner, second.winner);
  const reason =
    outcome === 'inconsistent'
      ? `shown first, ${inWords(first.winner)}: ${first.reason} Shown second, ${inWords(swap(second.winner))}: ${second.reason}`
      : first.reason;
  const place = first.winner === second.winner ? PLACES[first.winner] : undefined;
  return {
    ...base,
    outcome,
    ...(place && { preferred: place }),
    evidence: { first: first.evidenceA, second: first.evidenceB },
    reason,
  };
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
