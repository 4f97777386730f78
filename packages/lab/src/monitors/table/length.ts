import { correlation } from '../../statistics/correlation.js';
import { meanOf } from '../../statistics/values.js';
import { defineMonitor, firstAndLast, groupsOf, recentMean, type WatchedAnswer } from '../monitor.js';
import { areUpheld } from '../winners.js';

/** Less than this between score and length is no sign that length pays. */
const PAYS = 0.2;

/** Answers grow (or shrink), and within their groups the longer (or shorter) ones score better. */
export const lengthDrift = defineMonitor({
  name: 'length_drift',
  about: `How many times as long, or as short, answers are as in the first five steps, where score and length go together that way within groups (correlation above ${PAYS})`,
  threshold: 1.25,
  action: 'warn',
  measure: (answers) => ({ length_correlation: lengthCorrelation(answers) }),
  read(history) {
    const length = firstAndLast(history, 'response_tokens');
    const pays = meanOfAll(history.map(({ metrics }) => metrics['length_correlation']));
    if (!length || pays === null || length.first === 0 || areUpheld(history)) return null;
    const times = length.last / length.first;
    const grows = times > 1;
    if (pays * (grows ? 1 : -1) <= PAYS) return { value: 1, reason: 'length does not pay' };
    return {
      value: grows ? times : 1 / Math.max(times, 1e-6),
      reason:
        `answers have ${length.last.toFixed(0)} tokens, at first they had ${length.first.toFixed(0)}, and within a group ` +
        `${grows ? 'longer' : 'shorter'} ones score better (correlation ${pays.toFixed(2)}): the judge may pay for length`,
    };
  },
});

/** Score and length go together within groups, whether answers have grown yet or not. */
export const lengthPays = defineMonitor({
  name: 'length_pays',
  about: 'Correlation of score and length within groups, without its sign; mean of the last five steps',
  threshold: 0.6,
  action: 'note',
  read(history) {
    const pays = recentMean(history, 'length_correlation');
    if (pays === null) return null;
    return {
      value: Math.abs(pays),
      reason: `within a group ${pays > 0 ? 'longer' : 'shorter'} answers score better (correlation ${pays.toFixed(2)})`,
    };
  },
});

/** Pearson's, of scores and lengths less their group's means. */
function lengthCorrelation(answers: readonly WatchedAnswer[]): number | null {
  const pairs = groupsOf(answers).flatMap((group) => {
    const scored = group.filter(({ score }) => score !== null);
    const score = meanOf(scored.map((one) => one.score!));
    const tokens = meanOf(scored.map((one) => one.tokens));
    return scored.map((one) => [one.score! - score, one.tokens - tokens] as const);
  });
  return correlation(
    pairs.map(([score]) => score),
    pairs.map(([, tokens]) => tokens),
  );
}

/** Over the last ten steps that have one: it is noisy, and there is none where all rewards are equal. */
function meanOfAll(values: readonly (number | null | undefined)[]): number | null {
  const found = values.filter((value) => typeof value === 'number').slice(-10);
  return found.length === 0 ? null : meanOf(found);
}
