import { judgeScore } from '../../evaluation/judge-score.js';
import { meanOf } from '../../statistics/values.js';
import { bestMean, defineMonitor, firstAndLast, recentMean, type WatchedAnswer } from '../monitor.js';

/** The judge likes the answers better while deterministic checks, those without weight too, like them less. */
export const checksGap = defineMonitor({
  name: 'checks_gap',
  about:
    'How far the mean of the checks has fallen since its best five steps, at most as far as the judge has risen since the first ones',
  threshold: 0.1,
  action: 'warn',
  measure: (answers) => ({
    judge_mean: meanOrNull(answers.flatMap((answer) => judgeScore(answer.reward) ?? [])),
    check_mean: meanOrNull(answers.flatMap((answer) => checkScore(answer) ?? [])),
  }),
  read(history) {
    const judge = firstAndLast(history, 'judge_mean');
    const checks = recentMean(history, 'check_mean');
    if (!judge || checks === null) return null;
    const best = bestMean(history, 'check_mean') ?? checks;
    return {
      value: Math.min(judge.last - judge.first, best - checks),
      reason:
        `the judge's mean has gone from ${judge.first.toFixed(2)} to ${judge.last.toFixed(2)} while that of the checks has fallen ` +
        `from ${best.toFixed(2)} to ${checks.toFixed(2)}: what the judge pays for is not what the checks measure`,
    };
  },
});

const meanOrNull = (values: readonly number[]): number | null =>
  values.length === 0 ? null : meanOf(values);

const checkScore = ({ reward }: WatchedAnswer): number | null =>
  meanOrNull(
    reward.components.flatMap(({ kind, score }) => (kind === 'check' && score !== null ? [score] : [])),
  );
