import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { concordance, gwetAC1, weightedKappa } from '../../statistics/agreement.js';
import { krippendorffAlpha } from '../../statistics/agreement-of-many.js';
import { bootstrapInterval } from '../../statistics/bootstrap.js';
import { spearman } from '../../statistics/correlation.js';
import type { Pair } from '../../statistics/pairs.js';
import { groupBy } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { scoreOf } from '../groups.js';

/** Does a judge that is never trained against say the same? Answers either judge abstained on are left out. */
export function heldout({ answers, hasHeldout }: Evidence, seed: number): Finding[] {
  const tasks: string[] = [];
  const pairs: Pair[] = [];
  for (const { answer, repeats, heldout: other } of answers) {
    const [a, b] = [scoreOf(repeats[0]), scoreOf(other)];
    if (a === null || b === null) continue;
    tasks.push(answer.task.id);
    pairs.push([a, b]);
  }
  const units = groupBy(pairs, tasks);
  const passed = units.map((task) => task.map(([a, b]): Pair => [Number(passes(a)), Number(passes(b))]));
  const finding = (
    name: string,
    description: string,
    over: readonly (readonly Pair[])[],
    statistic: (pairs: readonly Pair[]) => number | null,
  ): Finding => ({
    name: `heldout_${name}`,
    description,
    estimate: interval(over, statistic, seed),
    absent: hasHeldout ? undefined : 'there is no held-out judge',
  });
  return [
    finding(
      'correlation',
      'Spearman correlation of the answers’ scores by the judge and by the held-out judge.',
      units,
      spearman,
    ),
    finding(
      'kappa',
      'Agreement of judge and held-out judge on pass and fail of an answer beyond chance: Cohen’s κ.',
      passed,
      weightedKappa,
    ),
    finding(
      'ac1',
      'The same by Gwet’s AC1, which does not collapse where nearly all answers pass, or fail.',
      passed,
      (both) => gwetAC1(both, 2),
    ),
    finding(
      'concordance',
      'Lin’s concordance of their scores, which is quadratically weighted κ: correlation, less what a shift or a stretch of the scale costs.',
      units,
      concordance,
    ),
    finding('alpha', 'Krippendorff’s α of their scores, interval level.', units, (both) =>
      krippendorffAlpha(both, 'interval'),
    ),
  ];
}

function interval(
  units: readonly (readonly Pair[])[],
  statistic: (pairs: readonly Pair[]) => number | null,
  seed: number,
): Estimate | null {
  return bootstrapInterval(units, (sample) => statistic(sample.flat()), seed);
}
