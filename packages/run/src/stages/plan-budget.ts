import type { Examination } from '../workspace/examination.js';
import type { PhaseCost } from './plan.js';

/**
 * Where an examination may cost more than a judge's budget has, in words, without a full stop: its last questions would not be asked, and
 * the gate not pass. Of a judge that is made of others nothing is known: each has a budget of its own.
 */
export function budgetWarnings(
  config: Pick<Examination['config'], 'judge' | 'heldout_judge'>,
  phases: readonly PhaseCost[],
): string[] {
  return [
    { by: 'judge', key: 'judge', asked: config.judge },
    { by: 'heldout', key: 'heldout_judge', asked: config.heldout_judge },
  ].flatMap(({ by, key, asked }) => {
    const budget = asked && 'budget' in asked ? asked.budget : undefined;
    const own = phases.filter((phase) => phase.by === by);
    const sum = (of: (phase: PhaseCost) => number): number => own.reduce((total, one) => total + of(one), 0);
    const money = sum((phase) => phase.money ?? 0);
    const tokens = sum(({ inputTokens, outputTokens }) => inputTokens + outputTokens);
    const count = (value: number): string => Math.round(value).toLocaleString('en');
    return [
      ...(budget?.money !== undefined && money > budget.money
        ? [
            `the questions to it may cost about $${money.toFixed(2)}, and ${key}.budget.money is ${budget.money}`,
          ]
        : []),
      ...(budget?.tokens !== undefined && tokens > budget.tokens
        ? [
            `the questions to it may take about ${count(tokens)} tokens, and ${key}.budget.tokens is ${count(budget.tokens)}`,
          ]
        : []),
    ].map(
      (why) =>
        `The budget of the ${by === 'judge' ? 'judge' : 'held-out judge'} may be used up before the end: ${why}`,
    );
  });
}
