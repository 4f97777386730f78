import * as Plot from '@observablehq/plot';
import type { Estimate } from '@touchstone/spec';
import type { VNode } from 'preact';
import { signed } from '../format.js';
import { drawPlot } from './render.js';
import { describeRows, type Row, rowAxes, rowFrame, rowMarks } from './rows.js';

/** A difference over several trainings, and in each of them; null where a training has none. */
export interface TrainingsRow {
  label: string;
  estimate: Estimate;
  byTraining: readonly (number | null)[];
}

/** What a chart says of each training beside the mean of all. */
export const DOTS_LEGEND =
  'diamond and line: mean over the trainings and its interval; each ring: one training';

/** Differences with their intervals over trainings, one under the other, and a ring for each training. */
export function trainingsForest(title: string, rows: readonly TrainingsRow[]): VNode {
  const plain = rows.map(({ label, estimate }): Row => ({
    label,
    estimate,
    threshold: null,
    outcome: 'reported',
  }));
  const rings = rows.flatMap(({ byTraining }, y) =>
    byTraining.flatMap((value) => (value === null ? [] : [{ value, y }])),
  );
  const ends = [
    0,
    ...rows.flatMap(({ estimate: { low, high } }) => [low, high]),
    ...rings.map(({ value }) => value),
  ];
  const domain = [ends.reduce((a, b) => Math.min(a, b)), ends.reduce((a, b) => Math.max(a, b))] as const;
  const each = rows.map(
    ({ label, byTraining }) =>
      `${label}: ${byTraining.map((value) => (value === null ? 'no data' : signed(value))).join(', ')}`,
  );
  return drawPlot(
    {
      ...rowFrame(plain, domain),
      marks: [
        ...rowAxes(plain),
        Plot.ruleX([0], { stroke: 'var(--ink)' }),
        ...rowMarks(plain),
        Plot.dot(rings, { x: 'value', y: 'y', r: 4, stroke: 'var(--rft)', strokeWidth: 1.5 }),
      ],
    },
    `${describeRows(title, plain)} By training: ${each.join('; ')}.`,
  );
}
