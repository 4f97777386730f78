/** Every token of the step counts the same, those of long answers too (DAPO, arXiv 2503.14476). */
export function tokenMean(lengths_N: readonly number[]): number[] {
  const tokens = lengths_N.reduce((sum, length) => sum + length, 0);
  return lengths_N.map(() => 1 / tokens);
}
