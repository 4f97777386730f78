import { Refusal } from './refusal.js';

/** How much the server takes on at once. */
export interface Load {
  /**
   * Takes on a request that is to be judged, until `signal` aborts, which is when it has been answered.
   *
   * @returns what is told of the bytes of its body as they arrive; it throws a Refusal when there is no room for them.
   * @throws {Refusal} 503 when there are too many.
   */
  takeOn(signal: AbortSignal): (bytes: number) => void;
}

/** More than any trainer has open; each waits for its group or its judge. */
const MOST_REQUESTS = 4096;
/** Bodies of requests in work: with what is made of them, two or three times as much memory. */
const MOST_BYTES = 128 * 2 ** 20;

/** Seconds after which a client may try again. */
export const RETRY_AFTER = '5';

export function createLoad(): Load {
  let requests = 0;
  let bytes = 0;
  return {
    takeOn(signal) {
      if (requests >= MOST_REQUESTS) throw busy(`${requests} requests`);
      requests++;
      let mine = 0;
      const release = (): void => {
        requests--;
        bytes -= mine;
      };
      if (signal.aborted) release();
      else signal.addEventListener('abort', release, { once: true });
      return (more) => {
        if (bytes + more > MOST_BYTES) throw busy(`requests of ${MOST_BYTES / 2 ** 20} MiB`);
        if (signal.aborted) return;
        mine += more;
        bytes += more;
      };
    },
  };
}

function busy(what: string): Refusal {
  return new Refusal(503, `the server is at work on ${what}; try again`, { 'retry-after': RETRY_AFTER });
}
