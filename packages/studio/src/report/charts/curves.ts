import * as Plot from '@observablehq/plot';
import type { VNode } from 'preact';
import { decimal, shorten } from '../format.js';
import { drawPlot, scoreDomain } from './render.js';
import { rollingMean, spread } from './series.js';

/** One value a training step; null where the step has none. `low` and `high` bound an interval where there is one. */
export interface Point {
  step: number;
  value: number | null;
  low?: number | null;
  high?: number | null;
}

export interface Series {
  name: string;
  points: readonly Point[];
}

/** Neighbours on each side that the bold line of a noisy series is averaged over. */
export const REACH = 2;
const SMOOTH_FROM = 12;
const SERIES_COLORS = 6;
const LABEL_GAP = 16;
const FRAME = { marginTop: 12, marginBottom: 38, marginLeft: 44 };

/** First, last, lowest and highest: what a curve says to somebody who cannot see it. */
function describe(name: string, points: readonly Point[]): string {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return `${name}: no data.`;
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const ends = `first ${decimal(values[0]!, 3)}, last ${decimal(values.at(-1)!, 3)}`;
  return `${name} over ${values.length} steps: ${ends}, lowest ${decimal(low, 3)}, highest ${decimal(high, 3)}.`;
}

function axes(xTicks: number, yTicks: number, yFormat?: string): Plot.Markish[] {
  return [
    Plot.gridY({ ticks: yTicks, stroke: 'var(--grid)', strokeOpacity: 1 }),
    Plot.axisY({
      ticks: yTicks,
      tickSize: 0,
      fill: 'var(--muted)',
      label: null,
      ...(yFormat ? { tickFormat: yFormat } : {}),
    }),
    Plot.axisX({
      ticks: xTicks,
      tickSize: 4,
      color: 'var(--muted)',
      label: 'training step',
      labelArrow: 'none',
      labelAnchor: 'center',
    }),
  ];
}

/** Steps at which a monitor has alarmed. */
const marks = (alarms: readonly number[]): Plot.Markish[] =>
  alarms.length === 0
    ? []
    : [Plot.ruleX(alarms, { stroke: 'var(--warn)', strokeWidth: 1, strokeDasharray: '3 2' })];

/** Mean reward a step on 0–1, with its interval as a band. `alarms`: steps that are marked. */
export function rewardChart(points: readonly Point[], alarms: readonly number[] = []): VNode {
  const banded = points.filter(({ low, high }) => typeof low === 'number' && typeof high === 'number');
  const values = points
    .flatMap(({ value, low, high }) => [value, low ?? null, high ?? null])
    .filter((v) => v !== null);
  return drawPlot(
    {
      ...FRAME,
      width: 440,
      height: 270,
      marginRight: 12,
      y: { domain: scoreDomain(values) },
      marks: [
        ...axes(6, 5),
        ...marks(alarms),
        Plot.areaY(banded, { x: 'step', y1: 'low', y2: 'high', fill: 'var(--rft)', fillOpacity: 0.22 }),
        Plot.line(points, { x: 'step', y: 'value', stroke: 'var(--rft)', strokeWidth: 2 }),
        ...dots(points, 'var(--rft)'),
      ],
    },
    describe('Reward', points),
  );
}

/** A line of one or two points is hardly a line: short runs are drawn with dots as well. */
function dots(points: readonly Point[], color: string): Plot.Markish[] {
  return points.length > SMOOTH_FROM
    ? []
    : [Plot.dot(points, { x: 'step', y: 'value', fill: color, r: 2.5 })];
}

/**
 * Several series on 0–1 with their names and last values at the right end, moved apart where they would overlap.
 * Longer runs show a moving mean in bold over the step values, which are faint.
 */
export function seriesChart(series: readonly Series[]): VNode {
  const smooth = series.some(({ points }) => points.length > SMOOTH_FROM);
  const lines = series.map(({ name, points }, i) => {
    const values = rollingMean(
      points.map(({ value }) => value),
      smooth ? REACH : 0,
    );
    return {
      name,
      points,
      mean: points.map(({ step }, at) => ({ step, value: values[at] ?? null })),
      last: values.findLast((v) => v !== null),
      color: `var(--series-${i % SERIES_COLORS})`,
      dash: i < SERIES_COLORS ? 'none' : '5 3',
    };
  });
  const height = 270;
  const domain = scoreDomain(series.flatMap(({ points }) => points.flatMap(({ value }) => value ?? [])));
  const [top, bottom] = [FRAME.marginTop, height - FRAME.marginBottom];
  const pixel = (value: number): number =>
    bottom - ((value - domain[0]) / (domain[1] - domain[0])) * (bottom - top);
  const value = (at: number): number =>
    domain[0] + ((bottom - at) / (bottom - top)) * (domain[1] - domain[0]);
  const labelled = lines.flatMap((line) => (line.last === undefined ? [] : [{ ...line, last: line.last }]));
  const places = spread(
    labelled.map(({ last }) => pixel(last!)),
    LABEL_GAP,
    bottom,
  );
  const lastStep = series
    .flatMap(({ points }) => points.map(({ step }) => step))
    .reduce((a, b) => Math.max(a, b), 0);
  return drawPlot(
    {
      ...FRAME,
      width: 620,
      height,
      marginRight: 240,
      y: { domain },
      marks: [
        ...axes(5, 5),
        ...lines.flatMap(({ points, mean, color, dash }) => [
          ...(smooth
            ? [Plot.line(points, { x: 'step', y: 'value', stroke: color, strokeOpacity: 0.25 })]
            : dots(points, color)),
          Plot.line(mean, { x: 'step', y: 'value', stroke: color, strokeWidth: 2, strokeDasharray: dash }),
        ]),
        ...labelled.map(({ name, last, color }, i) =>
          Plot.text([{ step: lastStep, at: value(places[i]!) }], {
            x: 'step',
            y: 'at',
            text: () => `${decimal(last!)} ${shorten(name, 24)}`,
            dx: 8,
            textAnchor: 'start',
            fill: color,
            fontSize: 12,
            fontWeight: 600,
          }),
        ),
      ],
    },
    series.map(({ name, points }) => describe(name, points)).join(' '),
  );
}

/** One small chart of a monitor with its own scale from 0, or from the lowest value where that is below 0. */
export function monitorChart(name: string, points: readonly Point[], alarms: readonly number[] = []): VNode {
  const values = points.flatMap(({ value }) => value ?? []);
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  return drawPlot(
    {
      ...FRAME,
      width: 270,
      height: 160,
      marginRight: 10,
      y: { domain: [values.reduce((a, b) => Math.min(a, b), 0), high === 0 ? 1 : high], nice: true },
      marks: [
        ...axes(4, 4, high > 0 && high < 0.001 ? '.0e' : undefined),
        ...marks(alarms),
        Plot.line(points, { x: 'step', y: 'value', stroke: 'var(--rft)', strokeWidth: 1.5 }),
        ...dots(points, 'var(--rft)'),
      ],
    },
    describe(name, points),
  );
}
