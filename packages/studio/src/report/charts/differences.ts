import * as Plot from '@observablehq/plot';
import type { Estimate, Shown } from '@touchstone/spec';
import type { VNode } from 'preact';
import { difference } from '../format.js';
import { drawPlot } from './render.js';
import { describeRows, type Row, rowAxes, rowFrame, rowMarks } from './rows.js';

/** A paired difference: its own interval, and the ends that hold at once with all others. */
export interface DifferenceRow {
  label: string;
  estimate: Estimate;
  corrected: { low: number; high: number };
  shown: Shown;
}

/** What the marks mean. */
export const DIFFERENCES_LEGEND =
  'thin line: interval corrected for all pairs; thick line: interval of the one difference; disc: higher, cross: lower, ring: not told apart';

const OUTCOMES: Record<Shown, Row['outcome']> = {
  higher: 'pass',
  lower: 'fail',
  undecided: 'insufficient-data',
  none: 'reported',
};

/** Differences against 0, one under the other. */
export function differencesForest(title: string, rows: readonly DifferenceRow[]): VNode {
  const plain = rows.map(({ label, estimate, corrected, shown }): Row => ({
    label,
    estimate: { ...estimate, ...corrected },
    threshold: null,
    outcome: OUTCOMES[shown],
  }));
  const ends = [0, ...plain.flatMap(({ estimate: { low, high } }) => [low, high])];
  const domain = [ends.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))] as const;
  return drawPlot(
    {
      ...rowFrame(plain, domain),
      marks: [
        ...rowAxes(plain, difference),
        Plot.ruleX([0], { stroke: 'var(--ink)' }),
        Plot.ruleY(
          rows.map(({ estimate: { low, high } }, y) => ({ low, high, y })),
          { y: 'y', x1: 'low', x2: 'high', stroke: 'var(--ink)', strokeWidth: 4, strokeOpacity: 0.45 },
        ),
        ...rowMarks(plain),
      ],
    },
    describeRows(title, plain),
  );
}
