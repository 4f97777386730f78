import type { EvaluatedPair, EvaluationSummary } from '@touchstone/spec';

type Swap = EvaluationSummary['judge_swap'][number];

/**
 * Whether each difference by the main metric holds under every other judge and grader.
 *
 * @param pairs of all metrics.
 * @param main the metric that it is about.
 * @param judges the metrics that it is held against.
 */
export function judgeSwap(pairs: readonly EvaluatedPair[], main: string, judges: readonly string[]): Swap[] {
  if (judges.length === 0) return [];
  return pairs
    .filter(({ metric }) => metric === main)
    .map((own) => ({
      model: own.model,
      baseline: own.baseline,
      shown: own.shown,
      judges: judges.map((judge) => {
        const other = pairs.find(
          ({ metric, model, baseline }) =>
            metric === judge && model === own.model && baseline === own.baseline,
        );
        return {
          judge,
          difference: other?.difference ?? null,
          shown: other?.shown ?? 'none',
          outcome: outcomeOf(own, other),
        };
      }),
    }));
}

function outcomeOf(own: EvaluatedPair, other: EvaluatedPair | undefined): Swap['judges'][number]['outcome'] {
  if (!own.difference || !other?.difference) return 'no-data';
  if (own.shown === 'undecided') return 'nothing-shown';
  if (own.shown === other.shown) return 'holds';
  return Math.sign(own.difference.mean) === Math.sign(other.difference.mean) ? 'same-sign' : 'turns-around';
}
