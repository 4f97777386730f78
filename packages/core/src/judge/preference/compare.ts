import {
  addUsage,
  type AbstentionReason,
  type ComparisonOutcome,
  type Task,
  type Usage,
} from '@touchstone/spec';
import { askUntilRead, type Ask, type Said } from '../ask.js';
import type { JudgeOptions } from '../judge.js';
import type { PreferenceConfig } from '../schema.js';
import { pairSchema, parsePreference, type PairPrompt, type Preference, type Winner } from './prompt.js';

/** Two answers compared in both orders, from the side of the first. */
export type Comparison = { keys: [string, string]; raws: [string, string]; usage: Usage } & (
  | { outcome: ComparisonOutcome; evidence: { first: string; second: string }; reason: string }
  | { outcome?: undefined; abstained: AbstentionReason; detail: string }
);

/**
 * Compares two answers twice, each shown first once: a judge that goes by position contradicts itself, and that is
 * `inconsistent`. So is a winner in one order and a tie in the other.
 */
export async function compareBothWays(
  task: Task,
  [first, second]: readonly [string, string],
  { prompt, ask, config }: { prompt: PairPrompt; ask: Ask; config: PreferenceConfig },
  { repeat = 0, signal }: JudgeOptions,
): Promise<Comparison> {
  const schema = pairSchema(config.ties);
  const inOrder = (a: string, b: string): Promise<Said<Preference>> =>
    askUntilRead(
      ask,
      { prompt: prompt.fill(task, a, b), schema, repeat, signal },
      config.tries,
      ({ text }, marker) => parsePreference(text, { marker, ties: config.ties }),
    );
  const [one, other] = await Promise.all([inOrder(first, second), inOrder(second, first)]);
  const base = {
    keys: [one.key, other.key] as [string, string],
    raws: [one.raw, other.raw] as [string, string],
    usage: addUsage(one.usage, other.usage),
  };
  for (const { said, ...asked } of [one, other])
    if (!said && 'reason' in asked) return { ...base, abstained: asked.reason, detail: asked.detail };
  const [forward, backward] = [one.said!, other.said!];
  const outcome = outcomeOf(forward.winner, backward.winner);
  const reason =
    outcome === 'inconsistent'
      ? `shown first, ${verdict(forward.winner)}: ${forward.reason} Shown second, ${verdict(swap(backward.winner))}: ${backward.reason}`
      : forward.reason;
  return { ...base, outcome, evidence: { first: forward.evidenceA, second: forward.evidenceB }, reason };
}

/** Of the answer that was A in the first order and B in the second. */
export function outcomeOf(forward: Winner, backward: Winner): ComparisonOutcome {
  if (forward !== swap(backward)) return 'inconsistent';
  return forward === 'A' ? 'win' : forward === 'B' ? 'loss' : 'tie';
}

const swap = (winner: Winner): Winner => (winner === 'A' ? 'B' : winner === 'B' ? 'A' : 'tie');
const verdict = (winner: Winner): string =>
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
