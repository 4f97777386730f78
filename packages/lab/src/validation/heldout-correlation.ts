import type { Pair } from '../statistics/agreement.js';
import { spearman } from '../statistics/agreement.js';
import { bootstrapInterval, groupBy } from '../statistics/bootstrap.js';
import type { Finding } from './finding.js';
import type { JudgedAnswer } from './readings.js';

/** Does a judge that is never trained against put the same answers first? Answers either judge abstained on are left out. */
export function heldoutCorrelation(answers: readonly JudgedAnswer[], seed: number): Finding {
  const tasks: string[] = [];
  const pairs: Pair[] = [];
  for (const { answer, repeats, heldout } of answers) {
    if (!repeats[0] || !heldout) continue;
    const [a, b] = [repeats[0].answer, heldout.answer];
    if (a.status === 'abstained' || b.status === 'abstained') continue;
    tasks.push(answer.task.id);
    pairs.push([a.score, b.score]);
  }
  return {
    name: 'heldout_correlation',
    description: 'Spearman correlation of the answers’ scores by the judge and by the held-out judge.',
    estimate: bootstrapInterval(groupBy(pairs, tasks), (sample) => spearman(sample.flat()), seed),
  };
}
