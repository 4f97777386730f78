import * as Plot from '@observablehq/plot';
import type { Estimate, JudgeDetails } from '@touchstone/spec';
import type { VNode } from 'preact';
import { decimal, interval } from '../format.js';
import { drawPlot, scoreDomain } from './render.js';
import { spread } from './series.js';

type Point = JudgeDetails['best_of_n'][number];

const BY = [
  { key: 'label', name: 'by the labels', color: 'var(--series-0)', dash: 'none' },
  { key: 'heldout', name: 'by the held-out judge', color: 'var(--series-3)', dash: '6 3' },
  { key: 'judge', name: 'by the judge itself', color: 'var(--series-2)', dash: '2 3' },
] as const;
const [WIDTH, HEIGHT] = [720, 300];
const [TOP, BOTTOM] = [14, HEIGHT - 52];

/** What the best of n answers is worth, the judge picking: by the labels, by the held-out judge, and by the judge itself. */
export function bestOfNChart(points: readonly Point[]): VNode {
  const curves = BY.map((by) => ({
    ...by,
    points: points.flatMap((point): (Estimate & { size: number })[] => {
      const estimate = point[by.key];
      return estimate ? [{ ...estimate, size: point.n }] : [];
    }),
  })).filter((curve) => curve.points.length > 0);
  const domain = scoreDomain(curves.flatMap((curve) => curve.points.flatMap(({ low, high }) => [low, high])));
  const pixel = (value: number): number =>
    BOTTOM - ((value - domain[0]) / (domain[1] - domain[0])) * (BOTTOM - TOP);
  const lasts = curves.map((curve) => curve.points.at(-1)!);
  const places = spread(
    lasts.map(({ mean }) => pixel(mean)),
    16,
    BOTTOM,
  );
  const tick = (n: number): string => `${n}\nKL ${decimal(points.find((one) => one.n === n)?.kl ?? 0)}`;
  return drawPlot(
    {
      width: WIDTH,
      height: HEIGHT,
      marginTop: TOP,
      marginBottom: HEIGHT - BOTTOM,
      marginLeft: 44,
      marginRight: 220,
      x: { type: 'point', domain: points.map(({ n }) => n), label: null, padding: 0.2 },
      y: { domain, label: null },
      marks: [
        Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY({ ticks: 5, tickSize: 0, color: 'var(--muted)', label: null }),
        Plot.axisX({ tickFormat: tick, tickSize: 4, color: 'var(--muted)', lineHeight: 1.3, label: null }),
        ...curves.flatMap(({ points: own, color, dash }) => [
          Plot.areaY(own, { x: 'size', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.12 }),
          Plot.line(own, { x: 'size', y: 'mean', stroke: color, strokeWidth: 2, strokeDasharray: dash }),
          Plot.dot(own, { x: 'size', y: 'mean', fill: color, r: 3 }),
        ]),
        ...curves.map(({ name, color }, i) =>
          Plot.text([lasts[i]!], {
            x: 'size',
            y: () => domain[0] + ((BOTTOM - places[i]!) / (BOTTOM - TOP)) * (domain[1] - domain[0]),
            text: ({ mean }: Estimate) => `${decimal(mean)} ${name}`,
            dx: 12,
            textAnchor: 'start',
            fill: color,
            fontSize: 12,
            fontWeight: 600,
          }),
        ),
      ],
    },
    `Best of n: ${curves
      .map(
        ({ name, points: own }) => `${name} ${own.map((one) => `n ${one.size} ${interval(one)}`).join(', ')}`,
      )
      .join('; ')}.`,
  );
}
