import * as Plot from '@observablehq/plot';
import type { Estimate } from '@touchstone/spec';
import type { VNode } from 'preact';
import { interval } from '../format.js';
import { drawPlot, scoreDomain } from './render.js';
import { describeRows, type Row, rowAxes, rowFrame, rowMarks } from './rows.js';

/** A line across all rows to read them against. */
export interface Reference {
  label: string;
  estimate: Estimate;
}

/** Points with their intervals, one under the other; a reference is a line with its own interval as a band. */
export function forestChart(title: string, rows: readonly Row[], reference?: Reference): VNode {
  const estimates = [...rows.map(({ estimate }) => estimate), ...(reference ? [reference.estimate] : [])];
  const band = reference ? [reference.estimate] : [];
  return drawPlot(
    {
      ...rowFrame(rows, scoreDomain(estimates.flatMap(({ low, high, mean }) => [low, high, mean]))),
      marks: [
        Plot.rectX(band, { x1: 'low', x2: 'high', fill: 'var(--rft)', fillOpacity: 0.13 }),
        ...rowAxes(rows),
        Plot.ruleX([0], { stroke: 'var(--line)' }),
        Plot.ruleX(band, { x: 'mean', stroke: 'var(--rft)', strokeWidth: 2, strokeDasharray: '6 4' }),
        ...rowMarks(rows),
      ],
    },
    `${describeRows(title, rows)}${reference ? ` ${reference.label}: ${interval(reference.estimate)}.` : ''}`,
  );
}
