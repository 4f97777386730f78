import { NO_USAGE, TouchstoneError, type Reward, type Rollout } from '@touchstone/spec';
import type { RewardFunction } from '@touchstone/core';
import type { Notice } from './notice.js';

/** The reward of one sample, or why it could not even be tried: neither the answer's fault nor the judge's. */
export type Outcome = Reward | { status: 'failed'; detail: string };

/** The longest time a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const LATE: Outcome = {
  status: 'abstained',
  reason: 'timeout',
  detail: 'not judged before the deadline of the request',
  components: [],
  verdicts: [],
  usage: NO_USAGE,
};

/**
 * One outcome per rollout, in their order. A sample that cannot be scored never spoils the others: it is `failed`.
 *
 * @param deadlineMs milliseconds from now after which what is not ready counts as abstained for a timeout.
 */
export async function scoreWithin(
  rollouts: readonly Rollout[],
  reward: RewardFunction,
  deadlineMs = Infinity,
): Promise<Outcome[]> {
  if (deadlineMs > LONGEST_TIMER_MS) return Promise.all(rollouts.map((rollout) => scoreOne(rollout, reward)));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve(LATE), Math.max(0, deadlineMs));
  });
  try {
    return await Promise.all(rollouts.map((rollout) => Promise.race([scoreOne(rollout, reward), late])));
  } finally {
    clearTimeout(timer);
  }
}

async function scoreOne(rollout: Rollout, reward: RewardFunction): Promise<Outcome> {
  try {
    const [result] = await reward.score([rollout]);
    if (result?.status === 'abstained') return result;
    // Written so that NaN fails too.
    if (result !== undefined && result.score >= 0 && result.score <= 1) return result;
    return { status: 'failed', detail: 'the reward function gave no score of 0 to 1' };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { status: 'failed', detail: TouchstoneError.is(error) ? message : `internal error: ${message}` };
  }
}

/** What there is to report of an outcome: nothing when it has a score. */
export function noticeOf(id: string | number, outcome: Outcome): Notice | undefined {
  switch (outcome.status) {
    case 'scored':
      return undefined;
    case 'abstained':
      return { kind: 'abstained', id, reason: outcome.reason, detail: outcome.detail };
    case 'failed':
      return { kind: 'failed', id, detail: outcome.detail };
  }
}
