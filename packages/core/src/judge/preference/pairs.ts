import { random } from '@touchstone/spec';

/**
 * Who meets whom among `n` answers (pairs of indices, the lower first): everyone, up to `roundRobinUpTo` answers; in
 * larger groups each meets the pivots, which are drawn.
 *
 * @param names of the random stream; the same names draw the same pivots.
 */
export function pairsOf(
  n: number,
  { roundRobinUpTo, pivots }: { roundRobinUpTo: number; pivots: number },
  seed: number,
  names: readonly (string | number)[],
): [number, number][] {
  const all = Array.from({ length: n }, (_, i) => i);
  const drawn =
    n <= roundRobinUpTo
      ? all
      : random(seed, 'pivots', ...names)
          .shuffle(all)
          .slice(0, pivots);
  const meets = new Set(drawn);
  return all.flatMap((i) =>
    all.slice(i + 1).flatMap((j): [number, number][] => (meets.has(i) || meets.has(j) ? [[i, j]] : [])),
  );
}
