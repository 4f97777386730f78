import type { EvaluatedPair, EvaluationSummary } from '@touchstone/spec';
import type { DecidedBySilence } from './silence.js';

type Swap = EvaluationSummary['judge_swap'][number];

/**
 * Whether each difference by the main metric holds under every other judge and grader.
 *
 * @param pairs of all metrics.
 * @param main the metric that it is about.
 * @param judges the metrics that it is held against.
 * @param decided differences that answers without a score may decide: such a judge confirms nothing.
 */
export function judgeSwap(
  pairs: readonly EvaluatedPair[],
  main: string,
  judges: readonly string[],
  decided: readonly DecidedBySilence[],
): Swap[] {
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
          outcome: outcomeOf(own, other, decided),
        };
      }),
    }));
}

function outcomeOf(
  own: EvaluatedPair,
  other: EvaluatedPair | undefined,
  decided: readonly DecidedBySilence[],
): Swap['judges'][number]['outcome'] {
  if (!own.difference || !other?.difference) return 'no-data';
  if (own.shown === 'undecided') return 'nothing-shown';
  if (own.shown === other.shown) {
    const isSilent = decided.some(
      ({ metric, model, baseline }) =>
        metric === other.metric && model === other.model && baseline === other.baseline,
    );
    return isSilent ? 'silent' : 'holds';
  }
  return Math.sign(own.difference.mean) === Math.sign(other.difference.mean) ? 'same-sign' : 'turns-around';
}
