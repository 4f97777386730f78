import { spearman } from '../../statistics/correlation.js';
import type { Pair } from '../../statistics/pairs.js';
import { bootstrapInterval } from '../../statistics/bootstrap.js';
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
  return [
    {
      name: 'heldout_correlation',
      description: 'Spearman correlation of the answers’ scores by the judge and by the held-out judge.',
      estimate: bootstrapInterval(groupBy(pairs, tasks), (sample) => spearman(sample.flat()), seed),
      absent: hasHeldout ? undefined : 'there is no held-out judge',
    },
  ];
}
