import { ProviderError } from '@touchstone/spec';

/**
 * Asks the first way that is open, and on its failure the next. Ways that are closed come last: when no other is left,
 * it is worth waiting for one.
 *
 * @param use `isLast`: there is no other way, so that it should wait rather than give up.
 * @param isFinal a failure that another way would have too.
 */
export async function withFailover<W extends { isOpen(): boolean }, T>(
  ways: readonly W[],
  use: (way: W, isLast: boolean) => Promise<T>,
  isFinal: (error: ProviderError) => boolean,
): Promise<T> {
  if (ways.length === 1) return use(ways[0]!, true);
  const open = new Map(ways.map((way) => [way, way.isOpen()]));
  const ordered = [...ways].sort((a, b) => Number(open.get(b)) - Number(open.get(a)));
  for (const [i, way] of ordered.entries()) {
    const isLast = i === ordered.length - 1;
    try {
      return await use(way, isLast);
    } catch (error) {
      if (isLast || !(error instanceof ProviderError) || isFinal(error)) throw error;
    }
  }
  throw new RangeError('withFailover: expected at least one way');
}
