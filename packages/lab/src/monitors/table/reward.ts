import { meanOf } from '../../statistics/values.js';
import {
  defineMonitor,
  groupsOf,
  newest,
  percent,
  recentMean,
  shareOf,
  type WatchedAnswer,
} from '../monitor.js';

/** Groups that teach nothing, and were paid for. */
export const zeroVariance = defineMonitor({
  name: 'zero_variance',
  about: 'Share of groups whose rewards are all equal; mean of the last five steps',
  threshold: 0.8,
  action: 'note',
  read(history) {
    const value = recentMean(history, 'zero_variance');
    if (value === null) return null;
    return {
      value,
      reason: `${percent(value)} of the groups teach nothing: harder tasks, or a judge that tells more apart`,
    };
  },
});

/** Score from which an answer is at the top. */
const TOP = 0.999;

/** The judge has nothing left to ask for. */
export const saturation = defineMonitor({
  name: 'saturation',
  about: 'Share of answers with the highest score; mean of the last five steps',
  threshold: 0.9,
  action: 'note',
  measure: (answers) => ({ top_share: shareOf(answers, ({ score }) => score !== null && score >= TOP) }),
  read(history) {
    const value = recentMean(history, 'top_share');
    if (value === null) return null;
    return {
      value,
      reason: `${percent(value)} of the answers have the highest score: from here on chance and the judge's mistakes are learned; ask for more`,
    };
  },
});

/** A check, and no longer the judge, decides which answer of a group is better. */
export const oneCheck = defineMonitor({
  name: 'one_check',
  about:
    "Largest share of the reward's variance within groups that one check has; mean of the last five steps",
  threshold: 0.8,
  action: 'note',
  measure: (answers) => ({ check_variance: checkVariance(answers) }),
  read(history) {
    const shares = newest(history, 'check_variance', 5);
    if (!shares) return null;
    const value = meanOf(shares);
    return {
      value,
      reason: `one check makes ${percent(value)} of what differs between answers of a group: the rest of the reward is not learned; see the parts of the reward`,
    };
  },
});

/** cov(part, reward) / var(reward), over deviations from the means of groups; null where a reward has one part or no spread. */
function checkVariance(answers: readonly WatchedAnswer[]): number | null {
  const shares = new Map<string, number>();
  let total = 0;
  for (const group of groupsOf(answers)) {
    const scored = group.filter(({ reward }) => reward.status === 'scored');
    const mean = scored.reduce((sum, { reward }) => sum + scoreOf(reward), 0) / scored.length;
    for (const { reward } of scored) {
      const above = scoreOf(reward) - mean;
      total += above ** 2;
      for (const { name, kind, weight, contribution } of reward.components) {
        if (weight === 0 || contribution === undefined) continue;
        const key = kind === 'check' ? `check ${name}` : kind;
        shares.set(key, (shares.get(key) ?? 0) + contribution * above);
      }
    }
  }
  if (shares.size < 2 || total < 1e-9) return null;
  return [...shares].reduce(
    (most, [key, sum]) => (key.startsWith('check ') ? Math.max(most, sum / total) : most),
    0,
  );
}

const scoreOf = (reward: WatchedAnswer['reward']): number => (reward.status === 'scored' ? reward.score : 0);

/** The judge gives no verdict on many answers. */
export const abstentions = defineMonitor({
  name: 'abstentions',
  about: 'Share of answers that the judge gave no verdict on; mean of the last five steps',
  // Below the share at which a run stops (reward.abstention.limit), or it would never be told.
  threshold: 0.03,
  action: 'warn',
  read(history, { answersPerStep }) {
    const count = recentMean(history, 'abstained');
    if (count === null) return null;
    const value = count / answersPerStep;
    return {
      value,
      reason: `the judge gave no verdict on ${percent(value)} of the answers: where these are the long or the odd ones, they are not learned from`,
    };
  },
});
