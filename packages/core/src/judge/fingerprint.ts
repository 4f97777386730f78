import type { LanguageModel } from '@touchstone/spec';
import { sha256 } from './marker.js';

/**
 * 16 hexadecimal digits over everything that decides a verdict.
 *
 * @param more settings that are off unless the user sets them. Empty, they leave no trace: a judge that does not use a
 *   new setting keeps its fingerprint, and the replies that were paid for under it.
 */
export function fingerprintOf(parts: unknown[], more: object = {}): string {
  return sha256(JSON.stringify(Object.keys(more).length === 0 ? parts : [...parts, more])).slice(0, 16);
}

/** Models that may answer in place of the judge's own: they decide verdicts too. */
export function fallbacksOf(config: object): { fallbacks?: unknown } {
  const { fallbacks } = config as { fallbacks?: unknown };
  return Array.isArray(fallbacks) && fallbacks.length > 0 ? { fallbacks } : {};
}

/** What makes a model this one. Of a local model it is the weights: the same ones are the same judge in every folder. */
export function identityOf({ id, version }: LanguageModel): readonly [string, string] {
  return [id.startsWith('local:') ? 'local' : id, version];
}
