import { createHash } from 'node:crypto';
import type { Rollout } from '@touchstone/spec';

/**
 * Indices of the rollouts that are judged together: those with the same `group` and the very same task, in order.
 * Tasks are compared by content: ids are whatever a trainer sends.
 */
export function groupsOf(rollouts: readonly Pick<Rollout, 'task' | 'group'>[]): number[][] {
  const groups = new Map<string, number[]>();
  rollouts.forEach(({ task, group }, index) => {
    const key = createHash('sha256')
      .update(JSON.stringify([group, task.id, task.messages, task.reference, task.metadata]))
      .digest('base64');
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [index]);
    else members.push(index);
  });
  return [...groups.values()];
}

/**
 * What `work` gives, or what `late` gives once `signal` has aborted. Work that heeds the signal itself has one turn of
 * the event loop to hand in what it has; other work is left behind, and what comes of it is dropped.
 */
export async function untilAborted<T>(
  work: (signal: AbortSignal | undefined) => Promise<T>,
  signal: AbortSignal | undefined,
  late: () => T,
): Promise<T> {
  if (signal === undefined) return work(undefined);
  if (signal.aborted) return late();
  let stop = (): void => {};
  const aborted = new Promise<T>((resolve) => {
    stop = () => void setImmediate(() => resolve(late()));
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work(signal), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
