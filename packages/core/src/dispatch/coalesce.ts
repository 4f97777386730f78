import { setMaxListeners } from 'node:events';

/** Callers of one piece of work. */
export interface Shared<T> {
  value: T;
  /** True for exactly one of the callers that waited to the end: what the work cost is its cost. */
  isPayer: boolean;
}

interface Flight<T> {
  outcome: Promise<T>;
  controller: AbortController;
  callers: number;
  hasPayer: boolean;
}

/**
 * Makes identical calls in flight one call. A caller whose signal aborts leaves at once with `left()`; the work goes on
 * for the others, and is cancelled with the last one.
 */
export function createCoalescer<T>(): (
  key: string,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  left: () => T,
) => Promise<Shared<T>> {
  const flights = new Map<string, Flight<T>>();

  function join(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const known = flights.get(key);
    if (known) return known;
    const controller = new AbortController();
    const flight: Flight<T> = { outcome: work(controller.signal), controller, callers: 0, hasPayer: false };
    flights.set(key, flight);
    const forget = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    controller.signal.addEventListener('abort', forget);
    // Whoever waits gets the error; if nobody does any more, it is nobody's.
    flight.outcome.then(forget, forget);
    return flight;
  }

  return async (key, signal, work, left) => {
    if (signal?.aborted) return { value: left(), isPayer: false };
    const flight = join(key, work);
    flight.callers++;
    const take = (value: T): Shared<T> => {
      const isPayer = !flight.hasPayer;
      flight.hasPayer = true;
      return { value, isPayer };
    };
    if (!signal) return take(await flight.outcome);
    // One deadline is often that of hundreds of calls, which is no leak.
    setMaxListeners(0, signal);
    return new Promise((resolve, reject) => {
      let isGone = false;
      const leave = (): void => {
        flight.callers--;
        isGone = flight.callers > 0;
        if (isGone) resolve({ value: left(), isPayer: false });
        // The last one puts out the light, and what was spent until now is its cost.
        else flight.controller.abort(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      flight.outcome
        .then((value) => {
          if (!isGone) resolve(take(value));
        }, reject)
        .finally(() => signal.removeEventListener('abort', leave));
    });
  };
}
