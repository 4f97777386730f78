import { Z95 } from '../statistics/distributions.js';
import { meanOf, squaresOf } from '../statistics/values.js';

/** What the judge and the held-out judge say of one answer. */
type Both = readonly [judge: number, heldout: number];

/** Share of the judge's rise that the stretch may be off by: noise of the held-out judge widens its spread, and so shrinks its rise. */
const UNSURE = 0.2;

/**
 * How much more the judge has risen than the held-out judge, whose scores are stretched to the spread that the judge's have, before and now together
 * (a judge that pays nothing at first has none before): z(judge) − z(held-out) in the judge's own units. The error is half the width of the 95 % interval of that difference where nothing has changed,
 * by the spread before training, and not by that of now: an exploit that a few answers have makes both large.
 * What the stretch may be off by is added to it.
 *
 * @returns null where there are fewer than two answers before.
 */
export function gapSince(
  before: readonly Both[],
  now: readonly Both[],
): {
  n: number;
  figures: Record<'watched_judge' | 'watched_heldout' | 'heldout_gap' | 'heldout_error', number>;
} | null {
  if (before.length < 2 || now.length === 0) return null;
  const [judgeBefore, heldoutBefore] = sides(before);
  const [judge, heldout] = sides(now);
  const spread = squaresOf([...heldoutBefore, ...heldout]);
  const stretch = spread > 1e-9 ? Math.sqrt(squaresOf([...judgeBefore, ...judge]) / spread) : 1;
  const differences = before.map(([a, b]) => a - stretch * b);
  const variance = squaresOf(differences) / (before.length - 1);
  return {
    n: now.length,
    figures: {
      watched_judge: meanOf(judge),
      watched_heldout: meanOf(heldout),
      heldout_gap: meanOf(judge) - stretch * meanOf(heldout) - meanOf(differences),
      heldout_error:
        Z95 * Math.sqrt(variance * (1 / before.length + 1 / now.length)) +
        UNSURE * Math.max(0, meanOf(judge) - meanOf(judgeBefore)),
    },
  };
}

const sides = (pairs: readonly Both[]): [number[], number[]] => [
  pairs.map(([a]) => a),
  pairs.map(([, b]) => b),
];
