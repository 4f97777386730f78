/** Steps on each side whose mean is the truth at a step. */
const REACH = 2;

/** Centred moving mean: an update that the next one takes back is no fall. */
const smooth = (values) =>
  values.map((_, i) => {
    const near = values.slice(Math.max(0, i - REACH), i + REACH + 1);
    return near.reduce((a, b) => a + b, 0) / near.length;
  });

/**
 * Where the truth of a policy has fallen by a share of what it had gained: after its highest, the first weights below.
 *
 * @param truths expected truth of the weights after so many steps, the first before any
 * @param lost the share, 0–1
 * @returns the step that made these weights, or null where it has not fallen; the gain; the highest step
 */
export function fallOf(truths, lost) {
  const curve = smooth(truths);
  const top = Math.max(...curve);
  const highest = curve.indexOf(top);
  const gain = top - curve[0];
  const fall = curve.findIndex((value, step) => step > highest && value < top - lost * gain);
  // A curve that ends about where it was highest only sways.
  const isFallen = curve.at(-1) < top - Math.max(0.1, lost * gain);
  return { fall: fall === -1 || !isFallen ? null : fall, gain, highest };
}
