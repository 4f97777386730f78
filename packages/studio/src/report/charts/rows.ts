import * as Plot from '@observablehq/plot';
import { BOUND_WORDS, type Estimate, type JudgeFinding } from '@touchstone/spec';
import { decimal, interval, shorten } from '../format.js';

/** One line of a chart of findings: a name, its interval, and what the gate asks of it. */
export interface Row {
  label: string;
  estimate: Estimate;
  threshold: JudgeFinding['threshold'];
  outcome: JudgeFinding['outcome'];
}

const ROW_HEIGHT = 27;
/** A longer name ends in an ellipsis; the table below has all of it. */
const LONGEST_LABEL = 46;
const LETTER_WIDTH = 7.2;
const SHORTEST_MARGIN = 236;
/** Told apart by shape and fill as well as by colour. */
const OUTCOME_MARKS: Record<JudgeFinding['outcome'], Plot.DotOptions> = {
  pass: { symbol: 'circle', fill: 'var(--good)' },
  fail: { symbol: 'times', stroke: 'var(--bad)', strokeWidth: 3 },
  'insufficient-data': {
    symbol: 'circle',
    fill: 'var(--page)',
    stroke: 'var(--warn)',
    strokeWidth: 2,
  },
  reported: { symbol: 'diamond', fill: 'var(--muted)' },
};
/** What the marks of `rowMarks` mean. */
export const MARKS_LEGEND =
  'In the charts of findings an upright stroke is what the gate asks for; a disc passes, a cross fails, of a ring there is not ' +
  'enough data, a diamond is only reported. The lines are intervals.';

/** Size, margins and scales of a chart with a line for each row, names at the left and figures at the right. */
export function rowFrame(rows: readonly Row[], domain: readonly [number, number]): Plot.PlotOptions {
  const longest = rows.reduce((most, { label }) => Math.max(most, label.length), 0);
  const letters = Math.min(LONGEST_LABEL, longest);
  const marginLeft = Math.max(SHORTEST_MARGIN, Math.ceil(letters * LETTER_WIDTH) + 24);
  return {
    width: marginLeft + 484,
    height: rows.length * ROW_HEIGHT + 46,
    marginTop: 10,
    marginBottom: 34,
    marginLeft,
    marginRight: 164,
    x: { domain: [...domain], label: null },
    y: { domain: rows.map((_, i) => i), label: null },
  };
}

/** Grid, names and figures, as `figure` writes them. */
export function rowAxes(
  rows: readonly Row[],
  figure: (estimate: Estimate) => string = interval,
): Plot.Markish[] {
  return [
    Plot.gridX({ ticks: 6, stroke: 'var(--grid)', strokeOpacity: 1 }),
    Plot.axisX({ ticks: 6, tickSize: 4, color: 'var(--muted)', label: null }),
    Plot.axisY({
      tickFormat: (i: number) => shorten(rows[i]!.label, LONGEST_LABEL),
      tickSize: 0,
      tickPadding: 10,
      fill: 'var(--ink)',
      label: null,
    }),
    Plot.text(rows, {
      y: (_: Row, i: number) => i,
      text: ({ estimate }: Row) => figure(estimate),
      frameAnchor: 'right',
      textAnchor: 'start',
      dx: 12,
      fill: 'var(--ink)',
    }),
  ];
}

/** Intervals, thresholds and, by outcome, points. */
export function rowMarks(rows: readonly Row[]): Plot.Markish[] {
  const placed = rows.map((row, y) => ({ ...row, ...row.estimate, y }));
  return [
    Plot.ruleY(placed, { y: 'y', x1: 'low', x2: 'high', stroke: 'var(--ink)', strokeWidth: 1.5 }),
    Plot.tickX(
      placed.filter(({ threshold }) => threshold !== null),
      {
        x: ({ threshold }: Row) => threshold!.value,
        y: 'y',
        stroke: 'var(--bad)',
        strokeWidth: 2.5,
        inset: 3,
      },
    ),
    ...Object.entries(OUTCOME_MARKS).map(([outcome, options]) =>
      Plot.dot(
        placed.filter((row) => row.outcome === outcome),
        { x: 'mean', y: 'y', r: 5, ...options },
      ),
    ),
  ];
}

/** What a screen reader says in place of the chart. */
export function describeRows(title: string, rows: readonly Row[]): string {
  const said = rows.map(({ label, estimate, threshold }) => {
    const asked = threshold ? `, asked ${BOUND_WORDS[threshold.bound]} ${decimal(threshold.value)}` : '';
    return `${label} ${interval(estimate)}${asked}`;
  });
  return `${title}: ${said.join('; ')}.`;
}
