import type { Clock } from '@touchstone/core';

interface Sleeper {
  at: number;
  order: number;
  wake: () => void;
}

export interface VirtualClock extends Clock {
  /**
   * Waits for `work`; whenever nothing but time can bring it on, time jumps to the next sleeper.
   *
   * Rejects when `work` waits for something that no sleeper will bring.
   */
  run<T>(work: Promise<T>): Promise<T>;
}

/** A clock for work that waits for nothing but this clock. */
export function createVirtualClock(): VirtualClock {
  const sleepers = new Set<Sleeper>();
  let now = 0;
  let order = 0;
  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { at: now + milliseconds, order: order++, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      }),
    after(milliseconds, work) {
      const wake = (): void => {
        sleepers.delete(sleeper);
        work();
      };
      const sleeper = { at: now + milliseconds, order: order++, wake };
      sleepers.add(sleeper);
      return () => void sleepers.delete(sleeper);
    },
    async run(work) {
      let isDone = false;
      let idle = 0;
      const finish = (): void => void (isDone = true);
      work.catch(() => undefined).finally(finish);
      for (;;) {
        // Lets every promise that can go on go on.
        await new Promise((resolve) => setImmediate(resolve));
        if (isDone) return work;
        let next: Sleeper | undefined;
        for (const one of sleepers) {
          if (!next || one.at < next.at || (one.at === next.at && one.order < next.order)) next = one;
        }
        if (!next) throw new Error('the work waits for something that never comes');
        if (next.at > now) idle = 0;
        else if (++idle > 100_000) throw new Error('time stands still');
        now = Math.max(now, next.at);
        next.wake();
      }
    },
  };
}
