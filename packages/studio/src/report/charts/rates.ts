import * as Plot from '@observablehq/plot';
import type { VNode } from 'preact';
import { drawPlot } from './render.js';
import { describeRows, type Row, rowAxes, rowFrame, rowMarks } from './rows.js';

/** Room for a bar that is hardly there. */
const LEAST_REACH = 0.2;

/** Shares as bars from 0 with their intervals. */
export function rateChart(title: string, rows: readonly Row[]): VNode {
  const reach = rows
    .flatMap(({ estimate, threshold }) => [estimate.high, threshold?.value ?? 0])
    .reduce((a, b) => Math.max(a, b), LEAST_REACH);
  const placed = rows.map(({ estimate, outcome }, y) => ({ mean: estimate.mean, y, outcome }));
  return drawPlot(
    {
      ...rowFrame(rows, [0, Math.min(1, reach * 1.05)]),
      marks: [
        ...rowAxes(rows),
        Plot.barX(placed, {
          x: 'mean',
          y: 'y',
          fill: ({ outcome }: (typeof placed)[number]) => (outcome === 'fail' ? 'var(--bad)' : 'var(--base)'),
          fillOpacity: 0.55,
          insetTop: 5,
          insetBottom: 5,
        }),
        Plot.ruleX([0], { stroke: 'var(--ink)' }),
        ...rowMarks(rows),
      ],
    },
    describeRows(title, rows),
  );
}
