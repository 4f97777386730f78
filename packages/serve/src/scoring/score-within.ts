import { NO_USAGE, TouchstoneError, type Reward, type Rollout } from '@touchstone/spec';
import { mapInSlices, type RewardFunction } from '@touchstone/core';
import { startDeadline } from './deadline.js';
import type { Notice } from './notice.js';
import type { Outcome } from './outcome.js';

export type { Outcome } from './outcome.js';

/** What a sample gets that was not judged in time. */
export const LATE: Outcome = {
  status: 'abstained',
  reason: 'timeout',
  detail: 'not judged before the deadline of the request',
  components: [],
  verdicts: [],
  usage: NO_USAGE,
};

/** A reward function that is told to stop has this long to say how far it got. */
const LAST_WORD_MS = 50;

export interface ScoreWithinOptions {
  /** When it aborts, what is not ready counts as abstained, and the reward function is told to stop. */
  signal?: AbortSignal;
  /** Told once of each sample, in any order. */
  onDone?: () => void;
}

/**
 * One outcome per rollout, in their order. Rollouts of a group are scored in one call. A sample that cannot be scored
 * never spoils the others: it is `failed`. A group of which one makes the reward function throw is scored again one by
 * one; usually all of a group share the task that is at fault.
 *
 * @param deadlineMs milliseconds from now after which what is not ready counts as abstained for a timeout.
 */
export async function scoreWithin(
  rollouts: readonly Rollout[],
  reward: RewardFunction,
  deadlineMs = Infinity,
  { signal, onDone }: ScoreWithinOptions = {},
): Promise<Outcome[]> {
  const outcomes: (Outcome | undefined)[] = rollouts.map(() => undefined);
  const deadline = startDeadline(deadlineMs, signal);

  const keep = (index: number, outcome: Outcome): void => {
    if (outcomes[index] !== undefined) return;
    outcomes[index] = outcome;
    onDone?.();
  };

  async function scoreTogether(indices: readonly number[]): Promise<void> {
    try {
      const rewards = await reward.score(
        indices.map((index) => rollouts[index]!),
        {
          signal: deadline.signal,
          onDone: (result, i) => keep(indices[i]!, checked(result)),
        },
      );
      indices.forEach((index, i) => keep(index, checked(rewards[i])));
    } catch (error) {
      const left = indices.filter((index) => outcomes[index] === undefined);
      if (indices.length === 1) left.forEach((index) => keep(index, failure(error)));
      else await mapInSlices(left, (index) => scoreTogether([index]));
    }
  }

  try {
    const all = mapInSlices(groupsOf(rollouts), scoreTogether);
    await Promise.race([all, lastWord(deadline.signal)]);
    return outcomes.map((outcome) => outcome ?? LATE);
  } finally {
    deadline.end();
  }
}

/** Indices of the rollouts of each group. */
function groupsOf(rollouts: readonly Rollout[]): number[][] {
  const groups = new Map<string, number[]>();
  rollouts.forEach(({ group }, index) => {
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [index]);
    else members.push(index);
  });
  return [...groups.values()];
}

/** Resolves shortly after the signal aborts. */
function lastWord(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const later = (): void => void setTimeout(resolve, LAST_WORD_MS);
    if (signal.aborted) later();
    else signal.addEventListener('abort', later, { once: true });
  });
}

function checked(result: Reward | undefined): Outcome {
  if (result?.status === 'abstained') return result;
  // Written so that NaN fails too.
  if (result !== undefined && result.score >= 0 && result.score <= 1) return result;
  return { status: 'failed', detail: 'the reward function gave no score of 0 to 1' };
}

function failure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { status: 'failed', detail: TouchstoneError.is(error) ? message : `internal error: ${message}` };
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
