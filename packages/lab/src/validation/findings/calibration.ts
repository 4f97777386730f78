import type { Estimate } from '@touchstone/spec';

import { calibrationError, reliabilityBins } from '../../statistics/calibration.js';
import { intervalOf, SHARE } from '../../statistics/jackknife.js';
import { shareInterval } from '../../statistics/means.js';
import { groupBy, meanOf } from '../../statistics/values.js';
import { type Forecasts, forecasts } from '../calibration.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';

/**
 * Does a score mean a chance of being good? Training uses only the order, so nothing of it is gated; whoever reads a score as a
 * share, or sets a threshold, needs it. A map mends it and keeps the order; its figures are of answers that it was not fitted to.
 */
export function calibration(evidence: Evidence, seed: number): Finding[] {
  const [plain, mapped] = forecasts(evidence, seed);
  const base = meanOf(plain!.pairs.map(([, outcome]) => outcome));
  // A mean of several criteria is a share of what is met: two thirds met is no chance of two thirds that the labels pass the answer.
  const absent =
    evidence.criteria.length > 1
      ? 'the score is a mean of several criteria, which is no probability'
      : undefined;
  const how = mapped ? ` (${mapped.map})` : '';
  return [
    {
      name: 'calibration_error',
      description:
        'Expected calibration error: how far the judge’s score of an answer is from the share of answers of such a score that the labels pass; 10 bins. With few answers too large.',
      estimate: absent === undefined ? errorInterval(plain!) : null,
      absent,
    },
    {
      name: 'brier',
      description: 'Mean squared error of the score as a forecast that the labels pass the answer.',
      estimate: absent === undefined ? brierInterval(plain!) : null,
      absent,
      note:
        plain!.pairs.length > 0
          ? `always saying the base rate has ${(base * (1 - base)).toFixed(3)}`
          : undefined,
    },
    {
      name: 'calibration_error.mapped',
      description: `calibration_error after a never-falling map${how} that was fitted on the other tasks.`,
      estimate: mapped ? errorInterval(mapped) : null,
    },
    {
      name: 'brier.mapped',
      description: `brier after a never-falling map${how} that was fitted on the other tasks.`,
      estimate: mapped ? brierInterval(mapped) : null,
    },
  ];
}

function errorInterval({ pairs, tasks }: Forecasts): Estimate | null {
  return intervalOf(
    groupBy(pairs, tasks),
    (sample) => calibrationError(reliabilityBins(sample.flat())),
    SHARE,
  );
}

function brierInterval({ pairs, tasks }: Forecasts): Estimate | null {
  return shareInterval(
    pairs.map(([forecast, outcome]) => (forecast - outcome) ** 2),
    tasks,
  );
}
