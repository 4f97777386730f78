/** Every token of the step counts the same, those of long answers too: 1 / Σ|o| (DAPO, arXiv 2503.14476). */
export function tokenMean(lengths_N: readonly number[]): number[] {
  const tokens = lengths_N.reduce((sum, length) => sum + length, 0);
  return lengths_N.map(() => 1 / tokens);
}

/** Every answer counts the same, whatever its length: 1 / (N · |o|) (GRPO, arXiv 2402.03300; GSPO, arXiv 2507.18071). */
export const answerMean = (lengths_N: readonly number[]): number[] =>
  lengths_N.map((length) => 1 / (lengths_N.length * length));

/** A token counts the same in every step, however long the answers are: 1 / (N · longest) (Dr. GRPO, arXiv 2503.20783). */
export const constantLength =
  (longest: number) =>
  (lengths_N: readonly number[]): number[] =>
    lengths_N.map(() => 1 / (lengths_N.length * longest));
