import type { ProviderError, Random } from '@touchstone/spec';
import { LONGEST_WAIT_MS } from '../providers/said/meaning.js';

const BASE_WAIT_MS = 500;
const MAX_WAIT_MS = 30_000;

/** Whether the same call can succeed later, and soon enough. */
export function isWorthRepeating(error: ProviderError): boolean {
  return error.isRetryable && (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS;
}

/** The provider says that it gets too many calls: 429, or 529 (overloaded). Others than the one refused are concerned too. */
export function isCongestion(error: ProviderError): boolean {
  return error.reason === 'rate-limit' || error.status === 529;
}

/**
 * Milliseconds to wait before the next attempt: exponential with full jitter (uniform in 0 … 0.5 s · 2ⁿ⁻¹, at most
 * 30 s; Brooker 2015), on top of what the provider asked for.
 *
 * @param failures n, how often the call has failed, ≥ 1
 */
export function backoffMs(error: ProviderError, failures: number, jitter: Random): number {
  const bound = Math.min(MAX_WAIT_MS, BASE_WAIT_MS * 2 ** (failures - 1));
  return (error.retryAfterMs ?? 0) + jitter.next() * bound;
}
