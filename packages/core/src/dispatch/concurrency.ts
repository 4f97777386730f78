/** How many calls may be in flight, found by trying: the provider's refusals are the only sign that is trusted. */
export interface Concurrency {
  /** Calls that may be in flight now, ≥ 1. */
  limit(): number;
  /** Milliseconds between two starts, so that calls do not come in bursts; 0 until the provider has refused a call. */
  spacingMs(): number;
  /** A call ended well. `isBusy`: the limit was in use, so that a higher one would have been used too. */
  onSuccess(call: { startedAt: number; now: number; isBusy: boolean }): void;
  /** A call was refused because there are too many. */
  onRefusal(call: { startedAt: number; now: number }): void;
  /** The provider was down and is back: begin carefully. */
  restart(now: number): void;
  /** From now on, calls in flight at most, ≥ 1. */
  change(ceiling: number): void;
}

const START = 16;
/** A refusal takes a tenth of the limit. */
const CUT = 0.9;
/** Growth a round after the first refusal; and after this many rounds without another, when the provider has probably more
 * to give than it had. */
const GROWTH = 0.02;
/** Starts are spaced for this much more than the limit can carry, so that spacing never is the limit itself. */
const PACING_GAIN = 1.25;
/** Weight of the newest latency in the mean. */
const SMOOTHING = 0.05;
const CALM_ROUNDS = 12;
const CALM_GROWTH = 0.05;

/**
 * Slow increase and fast decrease, as TCP does it (AIMD: Chiu and Jain 1989), with an increase in proportion, so that
 * large limits are found as fast as small ones: doubling each round (one mean latency) until the first refusal; then two
 * per cent a round, five after a long calm; a tenth less for a round with refusals. Latency itself is no signal: a judge's latency follows the length of its reply, not
 * the provider's load. After a refusal starts are paced over the round, as TCP paces packets.
 *
 * @param ceiling calls in flight at most, ≥ 1
 * @param start where to begin; the ceiling where declared rates pace the starts already
 */
export function createConcurrency(ceiling: number, start = START): Concurrency {
  let most = ceiling;
  let limit = Math.min(most, start);
  let isSlowStart = true;
  let changedAt = -Infinity;
  let meanLatencyMs = 0;

  return {
    limit: () => Math.max(1, Math.floor(limit)),
    spacingMs: () => (isSlowStart ? 0 : meanLatencyMs / (limit * PACING_GAIN)),
    onSuccess({ startedAt, now, isBusy }) {
      const latency = now - startedAt;
      meanLatencyMs += (meanLatencyMs === 0 ? 1 : SMOOTHING) * (latency - meanLatencyMs);
      // What started before the last cut says nothing about the limit after it.
      if (!isBusy || startedAt < changedAt) return;
      const isCalm = now - changedAt > CALM_ROUNDS * meanLatencyMs;
      // Once for each success, so that a round of `limit` calls grows by that share of the limit.
      const grown = isSlowStart ? 1 : isCalm ? CALM_GROWTH : GROWTH;
      limit = Math.min(most, limit + grown);
    },
    onRefusal({ startedAt, now }) {
      if (startedAt < changedAt) return;
      limit = Math.max(1, limit * CUT);
      isSlowStart = false;
      changedAt = now;
    },
    restart(now) {
      limit = Math.min(most, START);
      isSlowStart = true;
      changedAt = now;
    },
    change(ceiling) {
      most = ceiling;
      limit = Math.min(most, limit);
    },
  };
}

/** A limit that never changes, for models in this process. */
export function fixedConcurrency(first: number): Concurrency {
  let limit = first;
  const ignore = (): void => undefined;
  return {
    limit: () => limit,
    change: (ceiling) => void (limit = ceiling),
    spacingMs: () => 0,
    onSuccess: ignore,
    onRefusal: ignore,
    restart: ignore,
  };
}
