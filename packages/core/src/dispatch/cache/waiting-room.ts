import type { ModelReply } from '@touchstone/spec';
import { systemClock } from '../clock.js';

/** What became of a question: a reply, undefined where this process may ask it, `later` where it must wait. */
export type Found = ModelReply | undefined | 'later';

interface Waiting {
  key: string;
  end(reply: ModelReply | undefined): void;
}

/** How often those who wait for another process look: less often, the more they are. */
const LOOK_MS = 200;
const LOOK_MS_EACH = 0.5;
const LOOK_AT_ONCE = 200;

/**
 * Where questions wait that another process asks: all are looked after together.
 *
 * @param giveBack told of a right to ask that came for a question that does not wait any more.
 * @returns waits until there is a reply, or undefined: the right to ask, or `signal` has aborted.
 */
export function openWaitingRoom(
  look: (keys: readonly string[]) => Promise<Found[]>,
  giveBack: (key: string) => Promise<void>,
): (key: string, signal: AbortSignal) => Promise<ModelReply | undefined> {
  const waiting = new Set<Waiting>();
  let isLooking = false;

  async function keepLooking(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (waiting.size > 0) {
      await systemClock.sleep(Math.max(LOOK_MS, LOOK_MS_EACH * waiting.size));
      const all = [...waiting];
      for (let from = 0; from < all.length; from += LOOK_AT_ONCE) {
        const some = all.slice(from, from + LOOK_AT_ONCE);
        const found = await look(some.map(({ key }) => key));
        for (const [i, one] of some.entries()) {
          const reply = found[i];
          if (reply === 'later') continue;
          if (waiting.has(one)) one.end(reply);
          else if (reply === undefined) await giveBack(one.key);
        }
      }
    }
    isLooking = false;
  }

  return (key, signal) =>
    new Promise((resolve) => {
      const leave = (): void => one.end(undefined);
      const one: Waiting = {
        key,
        end(reply) {
          waiting.delete(one);
          signal.removeEventListener('abort', leave);
          resolve(reply);
        },
      };
      signal.addEventListener('abort', leave);
      waiting.add(one);
      void keepLooking();
    });
}
