/** The p-quantile of numbers, p in 0–1, by linear interpolation; null of none. */
export function quantile(values, p) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/** Median, lowest, highest and number of repeated measurements: too few for an interval, so all the spread there is. */
export function spread(values, digits = 3) {
  const round = (value) => (value === null ? null : Number(value.toFixed(digits)));
  return {
    n: values.length,
    median: round(quantile(values, 0.5)),
    min: round(quantile(values, 0)),
    max: round(quantile(values, 1)),
  };
}

/** A table for people: first column left, the others right. */
export function formatTable(titles, rows) {
  const cells = [titles, ...rows].map((row) => row.map((cell) => `${cell ?? '-'}`));
  const widths = titles.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
  return `${[lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n')}\n`;
}
