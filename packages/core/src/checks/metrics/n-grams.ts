import { longestCommonSubsequence } from './indel.js';

/** Tokens as ROUGE has them: lower case, runs of the letters a–z and digits, no stemming. */
function rougeTokens(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}

/** Harmonic mean of precision and recall of an overlap; 0 where there is nothing to compare. */
function fMeasure(overlap: number, found: number, expected: number): number {
  return overlap === 0 ? 0 : (2 * overlap) / (found + expected);
}

/** ROUGE-N (Lin 2004) as the F-measure of clipped n-gram overlap, 0–1. */
export function rougeN(text: string, reference: string, n: number): number {
  const found = countGrams(rougeTokens(text), n, n);
  const expected = countGrams(rougeTokens(reference), n, n);
  return fMeasure(overlapOf(found, expected), sizeOf(found), sizeOf(expected));
}

/** ROUGE-L (Lin 2004) as the F-measure of the longest common subsequence of tokens, 0–1. */
export function rougeL(text: string, reference: string): number {
  const ids = new Map<string, number>();
  const idsOf = (tokens: readonly string[]): number[] =>
    tokens.map((token) => {
      const id = ids.get(token) ?? ids.size;
      ids.set(token, id);
      return id;
    });
  const [found, expected] = [idsOf(rougeTokens(text)), idsOf(rougeTokens(reference))];
  return fMeasure(longestCommonSubsequence(expected, found), found.length, expected.length);
}

/**
 * GLEU (Wu et al. 2016, arXiv 1609.08144, §4.3): the lower of precision and recall of all n-grams of 1 to 4 tokens,
 * 0–1. Tokens are what stands between white space, as they are.
 */
export function gleu(text: string, reference: string): number {
  const tokens = (one: string): string[] => one.split(/\s+/).filter((token) => token !== '');
  const found = countGrams(tokens(text), 1, 4);
  const expected = countGrams(tokens(reference), 1, 4);
  const most = Math.max(sizeOf(found), sizeOf(expected));
  return most === 0 ? 0 : overlapOf(found, expected) / most;
}

type Counts = ReadonlyMap<string, number>;

function countGrams(tokens: readonly string[], shortest: number, longest: number): Counts {
  const counts = new Map<string, number>();
  for (let n = shortest; n <= longest; n++) {
    for (let i = 0; i + n <= tokens.length; i++) {
      const gram = tokens.slice(i, i + n).join(' ');
      counts.set(gram, (counts.get(gram) ?? 0) + 1);
    }
  }
  return counts;
}

function overlapOf(found: Counts, expected: Counts): number {
  let overlap = 0;
  for (const [gram, count] of found) overlap += Math.min(count, expected.get(gram) ?? 0);
  return overlap;
}

function sizeOf(counts: Counts): number {
  let size = 0;
  for (const count of counts.values()) size += count;
  return size;
}
