import { ProviderError, random, type ModelReply } from '@touchstone/spec';
import { backoffMs, isCongestion, isWorthRepeating } from './backoff.js';
import { withHedges } from './hedge.js';
import { send, type Call, type Route, type Shared } from './send.js';

/** However alive the provider looks, a call that it refuses this often ends. */
const MOST_REFUSALS = 50;

/**
 * Asks one model until it answers, fails for good, or has failed too often.
 *
 * @param isPatient waits for a provider that is down, rather than giving up at once.
 * @throws {ProviderError} the error of the last attempt.
 */
export async function withRetries(
  shared: Shared,
  route: Route,
  call: Call,
  isPatient: boolean,
): Promise<ModelReply> {
  const { attempts, seed, clock, hedging, telemetry } = shared;
  const { model, lane } = route;
  const jitter = random(seed, 'backoff', call.key);
  for (let failures = 0, forgiven = 0; ;) {
    let wasSent = false;
    try {
      return await withHedges(
        ({ signal, isHedge, onStart }) =>
          send(shared, route, call, {
            signal,
            isUrgent: isHedge || call.isAgain || failures + forgiven > 0,
            isPatient: isPatient && !isHedge,
            isHedge,
            onStart() {
              wasSent = true;
              onStart();
            },
          }),
        { hedging, isIdle: () => lane.isIdle(), clock, signal: call.signal },
      );
    } catch (error) {
      if (!(error instanceof ProviderError) || call.signal.aborted) throw error;
      // Turned away by the lane or the budget: asking again would change nothing.
      if (!wasSent || !isWorthRepeating(error)) throw error;
      const isNoFault = lane.isAlive() && (error.reason === 'rate-limit' || lane.isDown());
      if (isNoFault && forgiven < MOST_REFUSALS) forgiven++;
      else if (++failures >= attempts) throw error;
      telemetry.retried(model, error);
      // The lane itself waits for a provider that is down or has said how long, and spaces those who waited together.
      if (lane.isDown() || (isCongestion(error) && error.retryAfterMs !== undefined)) continue;
      await clock.sleep(backoffMs(error, failures + forgiven, jitter), call.signal);
    }
  }
}
