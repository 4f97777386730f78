/**
 * Tokens at random, the same for the same names, whichever engine they are for; the first hundred of a vocabulary have meanings.
 * @param random that of the spec of the tree that is measured
 */
export function drawTokens(random, vocabulary, length, ...names) {
  const draw = random(1, ...names);
  return Array.from({ length }, () => 100 + draw.integer(vocabulary - 100));
}
