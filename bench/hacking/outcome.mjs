/**
 * Where the truth of a policy has fallen by a share of what it had gained: after its highest, the first weights below.
 *
 * @param truths expected truth of the weights after so many steps, the first before any
 * @param lost the share, 0–1
 * @returns the step that made these weights, or null where it has not fallen; the gain; the highest step
 */
export function fallOf(truths, lost) {
  const top = Math.max(...truths);
  const highest = truths.indexOf(top);
  const gain = top - truths[0];
  const fall = truths.findIndex((value, step) => step > highest && value < top - lost * gain);
  // A curve that ends about where it was highest only sways.
  const isFallen = truths.at(-1) < top - Math.max(0.1, lost * gain);
  return { fall: fall === -1 || !isFallen ? null : fall, gain, highest };
}
