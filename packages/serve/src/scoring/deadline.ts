import { setMaxListeners } from 'node:events';

/** The longest time a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  /** Aborts when the time is over, or when the signal it was made from aborts. */
  signal: AbortSignal;
  /** Must be called when the work is done: it ends the timer. */
  end(): void;
}

/** @param ms milliseconds from now; longer than a timer can hold (24 days) is no deadline. */
export function startDeadline(ms: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController();
  const signals = signal === undefined ? [controller.signal] : [controller.signal, signal];
  const timer =
    ms > LONGEST_TIMER_MS
      ? undefined
      : setTimeout(
          () => controller.abort(new DOMException('the deadline of the request is over', 'TimeoutError')),
          Math.max(0, ms),
        );
  const any = AbortSignal.any(signals);
  // Every judge call of the request listens; Node warns of more than ten.
  setMaxListeners(0, any);
  return { signal: any, end: () => clearTimeout(timer) };
}
