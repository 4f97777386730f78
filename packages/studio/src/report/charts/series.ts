/**
 * Centered moving mean over `reach` neighbours on each side (fewer at the ends); nulls are left out of the mean, and
 * a null stays null.
 */
export function rollingMean(values: readonly (number | null)[], reach: number): (number | null)[] {
  return values.map((value, i) => {
    if (value === null) return null;
    const near = values.slice(Math.max(0, i - reach), i + reach + 1).filter((v) => v !== null);
    return near.reduce((sum, v) => sum + v, 0) / near.length;
  });
}

/**
 * Moves label positions (pixels, any order) apart to at least `gap`, as little as that takes going downwards, then
 * back up from the bottom so that the last stays within `end`. The order of the positions is kept.
 */
export function spread(positions: readonly number[], gap: number, end: number): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]! || a - b);
  const out = [...positions];
  let free = -Infinity;
  for (const i of order) {
    out[i] = Math.max(out[i]!, free);
    free = out[i] + gap;
  }
  let limit = end;
  for (const i of order.reverse()) {
    out[i] = Math.min(out[i]!, limit);
    limit = out[i] - gap;
  }
  return out;
}
