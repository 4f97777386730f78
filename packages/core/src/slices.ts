/** Work of so long holds up nobody who asks for health in between. */
const SLICE_MS = 10;

/**
 * What `map` gives for each item, in order. Long lists are worked through in slices, between which the process does what
 * else there is to do. When one rejects or throws, so does the whole, without waiting for the others.
 */
export async function mapInSlices<T, U>(
  items: readonly T[],
  map: (item: T, index: number) => U,
): Promise<Awaited<U>[]> {
  const results: U[] = [];
  let until = performance.now() + SLICE_MS;
  for (const [index, item] of items.entries()) {
    if (performance.now() > until) {
      await new Promise((resolve) => setImmediate(resolve));
      until = performance.now() + SLICE_MS;
    }
    const result = map(item, index);
    // It may reject before the last is begun; it is told below.
    if (result instanceof Promise) result.catch(() => {});
    results.push(result);
  }
  return Promise.all(results);
}
