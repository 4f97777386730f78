/**
 * Runs at most `concurrency` (≥ 1) of the works given to it at once, the rest in the order they came.
 * A work that fails rejects its own promise and frees its place.
 */
export function createLimit(concurrency: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The place passes straight to the next in line, so that none can slip in between.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
