const WORD = 32;

/**
 * Length of the longest common subsequence of two lists of numbers, in ⌈m/32⌉·n steps: the bit-parallel recurrence of
 * Hyyrö (2004), V ← (V + (V ∧ M)) ∨ (V ∧ ¬M), whose zeros count the subsequence.
 */
export function longestCommonSubsequence(a: readonly number[], b: readonly number[]): number {
  const words = Math.ceil(a.length / WORD);
  const positions = new Map<number, Int32Array>();
  a.forEach((unit, i) => {
    const bits = positions.get(unit) ?? new Int32Array(words);
    bits[i >>> 5]! |= 1 << (i & 31);
    positions.set(unit, bits);
  });
  const state = new Int32Array(words).fill(-1);
  for (const unit of b) {
    const match = positions.get(unit);
    if (!match) continue;
    let carry = 0;
    for (let word = 0; word < words; word++) {
      const before = state[word]!;
      const common = before & match[word]!;
      // As unsigned numbers: the carry out of a word goes into the next.
      const sum = (before >>> 0) + (common >>> 0) + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      state[word] = sum | 0 | (before & ~match[word]!);
    }
  }
  let length = 0;
  for (let i = 0; i < a.length; i++) if (((state[i >>> 5]! >>> (i & 31)) & 1) === 0) length++;
  return length;
}

/**
 * How alike two texts are, 0–1: 1 − (insertions + deletions) / (|a| + |b|) = 2·LCS / (|a| + |b|), over code points.
 * This is `fuzz.ratio` of rapidfuzz, divided by 100. Two empty texts are equal.
 */
export function indelSimilarity(a: string, b: string): number {
  const [left, right] = [codePoints(a), codePoints(b)];
  const total = left.length + right.length;
  return total === 0 ? 1 : (2 * longestCommonSubsequence(left, right)) / total;
}

function codePoints(text: string): number[] {
  return Array.from(text, (c) => c.codePointAt(0)!);
}
