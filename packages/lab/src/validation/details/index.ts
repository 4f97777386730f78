import type { JudgeDetails } from '@touchstone/spec';

import { moreForHalfWidth } from '../../statistics/labels-needed.js';
import { blandAltman } from '../../statistics/agreement.js';
import { bestOfN } from '../best-of-n.js';
import { reliability } from '../calibration.js';
import { type Evidence, randomPart } from '../evidence.js';
import { labelKappaInterval } from '../findings/kappa.js';
import { scoreOf } from '../groups.js';
import { rate, readingsOf } from '../ratings.js';
import { labelScore } from '../readings.js';
import { probeTable } from '../../probes/findings.js';
import { confusion } from './confusion.js';
import { exhibits } from './exhibits.js';

/** More points than this are a blot. */
const MOST_POINTS = 400;
const HALF_WIDTHS = [0.3, 0.25, 0.2, 0.15, 0.1, 0.075, 0.05];

/** Curves and tables about a judge, for reports. */
export function detailsOf(evidence: Evidence, seed: number): JudgeDetails {
  const kappa = labelKappaInterval(readingsOf(rate(evidence)), evidence.weights);
  const random = randomPart(evidence);
  return {
    best_of_n: bestOfN(random),
    confusion: confusion(readingsOf(rate(random))),
    reliability: reliability(random, seed),
    lengths: lengths(random),
    label_budget: kappa
      ? HALF_WIDTHS.map((halfWidth) => ({
          tasks: kappa.n + moreForHalfWidth(kappa, halfWidth),
          half_width: halfWidth,
        })).filter(({ tasks }) => tasks > kappa.n)
      : [],
    heldout_difference: blandAltman(
      random.answers.flatMap(({ repeats, heldout }) => {
        const [judge, other] = [scoreOf(repeats[0]), scoreOf(heldout)];
        return judge === null || other === null ? [] : [[judge, other] as const];
      }),
    ),
    probes: probeTable(evidence.probes, evidence.compares),
    exhibits: exhibits(evidence),
  };
}

function lengths({ answers, criteria }: Evidence): JudgeDetails['lengths'] {
  const points = answers.flatMap(({ answer, repeats }) => {
    const judge = scoreOf(repeats[0]);
    return judge === null
      ? []
      : [{ length: answer.response.length, judge, label: labelScore(answer, criteria) }];
  });
  const step = Math.max(1, points.length / MOST_POINTS);
  return Array.from(
    { length: Math.min(points.length, MOST_POINTS) },
    (_, i) => points[Math.floor(i * step)]!,
  );
}
