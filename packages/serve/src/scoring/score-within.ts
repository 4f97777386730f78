import { NO_USAGE, TouchstoneError, type Reward, type Rollout } from '@touchstone/spec';
import type { RewardFunction } from '@touchstone/core';
import type { Notice } from './notice.js';

/** The reward of one sample, or why it could not even be tried: neither the answer's fault nor the judge's. */
export type Outcome = Reward | { status: 'failed'; detail: string };

/** The longest time a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What a reward function that was told to stop gets to hand over what it has. */
const GRACE_MS = 100;

const LATE: Outcome = {
  status: 'abstained',
  reason: 'timeout',
  detail: 'not judged before the deadline of the request',
  components: [],
  verdicts: [],
  usage: NO_USAGE,
};

/**
 * One outcome per rollout, in their order. Rollouts of one group are scored in one call, so that a judge can compare
 * them. A sample that cannot be scored never spoils the others: it is `failed`.
 *
 * @param deadlineMs milliseconds from now after which what is not ready counts as abstained for a timeout, and calls
 *   that are still out are cancelled.
 */
export async function scoreWithin(
  rollouts: readonly Rollout[],
  reward: RewardFunction,
  deadlineMs = Infinity,
): Promise<Outcome[]> {
  const outcomes: (Outcome | undefined)[] = rollouts.map(() => undefined);
  const stop = new AbortController();
  const work = Promise.all(
    groupsOf(rollouts).map((indices) =>
      scoreGroup(
        indices.map((index) => rollouts[index]!),
        reward,
        stop.signal,
        (outcome, member) => (outcomes[indices[member]!] ??= outcome),
      ),
    ),
  );
  if (!(await within(work, deadlineMs))) {
    stop.abort(new DOMException('the deadline of the request', 'TimeoutError'));
    await within(work, GRACE_MS);
  }
  return outcomes.map((outcome) => outcome ?? LATE);
}

/** Indices of the rollouts that belong together. */
function groupsOf(rollouts: readonly Rollout[]): number[][] {
  const groups = new Map<string, number[]>();
  rollouts.forEach(({ group }, index) => {
    const name = group === '' ? `#${index}` : group;
    groups.set(name, [...(groups.get(name) ?? []), index]);
  });
  return [...groups.values()];
}

/** Whether `work` was done in time. Rejects as `work` does. */
async function within(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  if (milliseconds > LONGEST_TIMER_MS) return work.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function scoreGroup(
  rollouts: readonly Rollout[],
  reward: RewardFunction,
  signal: AbortSignal,
  onDone: (outcome: Outcome, member: number) => void,
): Promise<void> {
  try {
    const rewards = await reward.score(rollouts, {
      signal,
      onDone: (result, member) => onDone(checked(result), member),
    });
    rollouts.forEach((_, member) => onDone(checked(rewards[member]), member));
  } catch (error) {
    // One of them is at fault; calls that are paid for or in work are not made again.
    if (rollouts.length > 1) {
      await Promise.all(
        rollouts.map((rollout, member) =>
          scoreGroup([rollout], reward, signal, (outcome) => onDone(outcome, member)),
        ),
      );
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    onDone({ status: 'failed', detail: TouchstoneError.is(error) ? message : `internal error: ${message}` }, 0);
  }
}

function checked(result: Reward | undefined): Outcome {
  if (result?.status === 'abstained') return result;
  // Written so that NaN fails too.
  if (result !== undefined && result.score >= 0 && result.score <= 1) return result;
  return { status: 'failed', detail: 'the reward function gave no score of 0 to 1' };
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
