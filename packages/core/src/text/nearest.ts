/**
 * The candidate that `word` was most likely meant to be, or undefined when none is close: at most a third of the
 * letters differ (Damerau-Levenshtein distance, adjacent swaps counted once).
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(normal(word), normal(candidate));
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Spelling that people mix up: case, and the joint between words. */
const normal = (word: string): string => word.toLowerCase().replaceAll(/[-\s]/g, '_');

function editDistance(a: string, b: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(current[j]! + 1, next[j - 1]! + 1, current[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, previous[j - 2]! + 1);
      }
      next.push(cost);
    }
    [previous, current] = [current, next];
  }
  return current[b.length]!;
}
