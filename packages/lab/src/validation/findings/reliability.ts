import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { Z95 } from '../../statistics/distributions.js';
import { intervalOf, SHARE } from '../../statistics/jackknife.js';
import { shareInterval } from '../../statistics/means.js';
import {
  repeatsNeeded,
  smallestDetectableChange,
  standardErrorOfMeasurement,
} from '../../statistics/reliability.js';
import { iccInterval } from '../../statistics/reliability-intervals.js';
import { groupBy, meanOf } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { scoreOf } from '../groups.js';

/** Reliability that a reward should have: what is left is noise that training averages over. */
const TARGET = 0.75;

/** How far do repeats of one judgement lie apart, beside how far answers do? Over the answers that were scored more than once. */
export function reliability({ answers, repeats }: Evidence): Finding[] {
  const repeated = answers
    .map(({ answer, repeats: said }) => ({
      task: answer.task.id,
      scores: said.flatMap((opinion) => scoreOf(opinion) ?? []),
    }))
    .filter(({ scores }) => scores.length > 1);
  const tasks = repeated.map(({ task }) => task);
  const units = groupBy(
    repeated.map(({ scores }) => scores),
    tasks,
  );
  const icc = iccInterval(units);
  const error = intervalOf(units, (sample) => standardErrorOfMeasurement(sample.flat()), SHARE);
  const absent = repeats > 1 ? undefined : 'each answer is judged once (validation.repeats)';
  return [
    {
      name: 'score_icc',
      description:
        'Share of the variance of an answer’s score that is between answers and not between repeats: ICC(1,1); below 0.5 is called poor, from 0.75 good.',
      estimate: icc,
      absent,
    },
    {
      name: 'score_error',
      description:
        'Standard error of measurement: standard deviation of the score over repeats of one judgement.',
      estimate: error,
      absent,
    },
    {
      name: 'smallest_change',
      description: 'Two scores of one answer that differ by less than this are no change (95 %).',
      estimate: error && mapEstimate(error, smallestDetectableChange),
      absent,
    },
    {
      name: 'repeats_needed',
      description: `Repeats whose mean has a reliability of ${TARGET} (Spearman and Brown).`,
      estimate: icc && repeatsInterval(icc),
      absent,
    },
    {
      name: 'undecided',
      description:
        'Share of answers whose mean score is nearer to pass or fail (0.5) than 1.96 standard errors of that mean.',
      estimate: error
        ? shareInterval(
            repeated.map(({ scores }) => Number(isUndecided(scores, error.mean))),
            tasks,
          )
        : null,
      absent,
    },
  ];
}

function isUndecided(scores: readonly number[], error: number): boolean {
  const reach = (Z95 * error) / Math.sqrt(scores.length);
  const mean = meanOf(scores);
  return passes(mean - reach) !== passes(mean + reach);
}

const mapEstimate = ({ mean, low, high, n }: Estimate, to: (value: number) => number): Estimate => ({
  mean: to(mean),
  low: to(low),
  high: to(high),
  n,
});

/** The more reliable, the fewer; null where no number of repeats may do. */
function repeatsInterval({ mean, low, high, n }: Estimate): Estimate | null {
  const [middle, fewest, most] = [mean, high, low].map((icc) => repeatsNeeded(icc, TARGET));
  return middle == null || fewest == null || most == null
    ? null
    : { mean: middle, low: fewest, high: most, n };
}
