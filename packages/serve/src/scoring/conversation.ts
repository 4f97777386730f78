import { own } from '@touchstone/core';
import { roleOf } from './turns.js';

/**
 * The turns that ask, and the turn that answers: the last assistant turn, unless a user turn follows it. Then there is
 * no answer yet, as in the lines of a training file. What stands between the last turn that asks and the answer is not shown to
 * the judge: a ground truth that a data set ended with, or what the policy did on its way (calls of tools, their results).
 */
export function splitTurns(turns: readonly unknown[]): { prompt: unknown[]; answer: unknown } {
  const last = turns.findLastIndex((turn) => ['assistant', 'user'].includes(roleOf(turn) ?? ''));
  const isAnswered = last >= 0 && roleOf(turns[last]) === 'assistant';
  const before = isAnswered ? turns.slice(0, last) : turns;
  const asking = before.findLastIndex((turn) => !['assistant', 'tool'].includes(roleOf(turn) ?? ''));
  const content = isAnswered ? (own(turns[last], 'content') ?? '') : undefined;
  return { prompt: before.slice(0, asking + 1), answer: content };
}
