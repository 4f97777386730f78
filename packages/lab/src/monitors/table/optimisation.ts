import { defineMonitor, firstAndLast, recentMean } from '../monitor.js';

/** The policy has no doubt left: it draws one and the same answer. */
export const entropy = defineMonitor({
  name: 'entropy',
  about:
    'Share by which the entropy of a token has fallen since the first five steps, where the trainer measures it',
  threshold: 0.9,
  action: 'note',
  read(history) {
    const found = firstAndLast(history, 'entropy');
    if (!found || found.first <= 0) return null;
    return {
      value: 1 - found.last / found.first,
      reason:
        `entropy has gone from ${found.first.toFixed(3)} to ${found.last.toFixed(3)} nats a token: what is never drawn cannot be learned; ` +
        'raise clip_high, or stop',
    };
  },
});

/** The policy is far from where it began. */
export const kl = defineMonitor({
  name: 'kl',
  about: 'Distance to the policy that training starts from, in nats a token; mean of the last five steps',
  threshold: 0.5,
  action: 'warn',
  read(history) {
    const value = recentMean(history, 'kl');
    if (value === null) return null;
    return {
      value,
      reason:
        `the policy is ${value.toFixed(2)} nats a token away from the base: judges are certified on answers that are nearer; ` +
        'raise kl_coefficient, or lower learning_rate',
    };
  },
});

/** Steps before the newest that it is compared with. */
const BEFORE = 20;
const FEWEST = 5;

/** One update was much larger than those before it. */
export const gradient = defineMonitor({
  name: 'gradient_spike',
  about: `Norm of the gradient, in units of the largest of the ${BEFORE} steps before`,
  threshold: 3,
  action: 'warn',
  read(history) {
    const now = history.at(-1)?.metrics['grad_norm'];
    // A step without an advantage has no gradient: it says nothing of what is usual.
    const before = history.slice(-BEFORE - 1, -1).flatMap(({ metrics }) => metrics['grad_norm'] || []);
    if (typeof now !== 'number' || before.length < FEWEST) return null;
    // Of few groups that still differ the norms are far apart: a multiple of the usual one is no accident there.
    const largest = before.reduce((most, norm) => Math.max(most, norm));
    return {
      value: now / largest,
      reason:
        `the gradient's norm is ${now.toPrecision(2)}, and before it was ${largest.toPrecision(2)} at most: one such step can undo what was learned; ` +
        'lower max_grad_norm to what it was before',
    };
  },
});
