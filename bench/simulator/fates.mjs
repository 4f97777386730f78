import { random } from '@touchstone/spec';

/** Shares of admitted calls, and the two quantiles of a log-normal latency, in milliseconds. */
export const PRODUCTION = {
  latency: { p50: 800, p99: 6000 },
  faults: { serverError: 0.02, reset: 0.01, hang: 0.01, malformed: 0.03 },
};

/** z of the 99th percentile of a standard normal. */
const Z99 = 2.3263478740408408;

/**
 * What becomes of the `attempt`-th admitted call about a sample. It depends on these alone, so that every client meets
 * the same fate with the same call, whatever order it sends them in.
 *
 * @returns {{ kind: 'reply' | 'malformed' | 'serverError' | 'reset' | 'hang', latencyMs: number, variant: number }}
 *   `variant`: uniform in 0–1, for the ways in which a reply can be malformed
 */
export function drawFate({ latency, faults }, seed, sample, attempt) {
  const draw = random(seed, 'fate', sample, attempt);
  const sigma = Math.log(latency.p99 / latency.p50) / Z99;
  const latencyMs = latency.p50 * Math.exp(sigma * draw.normal());
  let left = draw.next();
  const variant = draw.next();
  for (const [kind, share] of Object.entries(faults)) {
    if (left < share) return { kind, latencyMs, variant };
    left -= share;
  }
  return { kind: 'reply', latencyMs, variant };
}
