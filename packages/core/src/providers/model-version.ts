import { hash } from 'node:crypto';

/**
 * The version of a model with the address that answers for it, for fingerprints. One gateway serves many models that have one
 * name, by path or by query: all of the address counts, but for a slash at its end, which changes no request.
 *
 * The query stands in it as a hash, since a key may be in one that does not look like a key.
 */
export function versionAt(version: string, baseUrl: string | undefined): string {
  if (baseUrl === undefined) return version;
  const { origin, pathname, search } = new URL(baseUrl);
  const query = search === '' ? '' : `?${hash('sha256', search).slice(0, 16)}`;
  return `${version}@${origin}${pathname.replace(/\/+$/, '')}${query}`;
}
