import { expectedScore, fitStrengths, type Game } from '../preference/bradley-terry.js';

/**
 * Scores of `n` answers from rankings of parts of them, 0–1; null for an answer that no part ranked. In one ranking of
 * all, the share of the others that an answer beats, a tie as half. Of several parts, each pair within a part is one
 * comparison, and the score is what the answer can expect of a comparison with another (`fitStrengths`).
 *
 * @param parts places of the answers, with their ranks: 1 is the best, equals share a rank.
 * @param blanks there are blank answers too: one more that each of these beats.
 */
export function scoresOfRanks(
  n: number,
  parts: readonly { places: readonly number[]; ranks: readonly number[] }[],
  blanks: boolean,
): (number | null)[] {
  const all = Array.from({ length: n }, (_, i) => i);
  const seen = new Set(parts.flatMap(({ places }) => places));
  const games = parts.flatMap(({ places, ranks }) =>
    places.flatMap((a, i) =>
      places.slice(i + 1).map((b, j): Game => {
        const difference = ranks[i]! - ranks[i + 1 + j]!;
        return { a, b, outcome: difference < 0 ? 'a' : difference > 0 ? 'b' : 'tie' };
      }),
    ),
  );
  const versus =
    parts.length === 1
      ? shareBeaten(games)
      : (
          (fit) => (a: number, b: number) =>
            expectedScore(fit, a, b)
        )(fitStrengths(n, games));
  return all.map((i) => {
    if (!seen.has(i)) return null;
    const expected = all.filter((j) => j !== i && seen.has(j)).map((j) => versus(i, j));
    if (blanks) expected.push(1);
    return expected.reduce((sum, one) => sum + one, 0) / expected.length;
  });
}

/** 1, ½ or 0 for each pair of one complete ranking. */
function shareBeaten(games: readonly Game[]): (a: number, b: number) => number {
  const results = new Map<string, number>();
  for (const { a, b, outcome } of games) {
    const score = outcome === 'a' ? 1 : outcome === 'b' ? 0 : 0.5;
    results.set(`${a} ${b}`, score).set(`${b} ${a}`, 1 - score);
  }
  return (a, b) => results.get(`${a} ${b}`)!;
}
