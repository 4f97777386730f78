import { passes } from '../../pass.js';
import { gwetAC1 } from '../../statistics/agreement.js';
import { kendallInterval, spearmanInterval } from '../../statistics/correlation-intervals.js';
import { kappaInterval } from '../../statistics/intervals.js';
import { intervalOf, SIGNED } from '../../statistics/jackknife.js';
import type { Pair } from '../../statistics/pairs.js';
import { groupBy } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { scoreOf } from '../groups.js';

/** Does a judge that is never trained against say the same? Answers either judge abstained on are left out. */
export function heldout({ answers, hasHeldout }: Evidence): Finding[] {
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
  const absent = hasHeldout ? undefined : 'there is no held-out judge';
  return [
    {
      name: 'heldout_correlation',
      description: 'Spearman correlation of the answers’ scores by the judge and by the held-out judge.',
      estimate: spearmanInterval(units),
      absent,
    },
    {
      name: 'heldout_tau',
      description: 'Kendall’s τ_b of the same.',
      estimate: kendallInterval(units),
      absent,
    },
    {
      name: 'heldout_kappa',
      description: 'Agreement of the two on pass and fail of an answer beyond chance: Cohen’s κ.',
      estimate: kappaInterval(passed.map((task) => [task])),
      absent,
    },
    {
      name: 'heldout_ac1',
      description: 'The same by Gwet’s AC1, which does not collapse where nearly all answers pass, or fail.',
      estimate: intervalOf(passed, (sample) => gwetAC1(sample.flat(), 2), SIGNED),
      absent,
    },
    {
      name: 'heldout_concordance',
      description:
        'Lin’s concordance of their scores, which is quadratically weighted κ: correlation, less what a shift or a stretch of the scale costs.',
      estimate: kappaInterval(units.map((task) => [task])),
      absent,
    },
  ];
}
