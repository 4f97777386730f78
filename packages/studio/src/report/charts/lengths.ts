import * as Plot from '@observablehq/plot';
import type { JudgeDetails } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal } from '../format.js';
import { drawPlot, scoreDomain } from './render.js';

type Point = JudgeDetails['lengths'][number];

const isGood = ({ label }: Point): boolean => label !== null && label >= 0.5;
const isBad = ({ label }: Point): boolean => label !== null && label < 0.5;

/** The judge's score of each answer against its length, by what the labels say of it. */
export function lengthChart(points: readonly Point[]): VNode {
  const lengths = points.map(({ length }) => length);
  const meanOf = (of: readonly Point[]): string =>
    of.length === 0 ? 'none' : decimal(of.reduce((sum, { judge }) => sum + judge, 0) / of.length);
  const middle = lengths.toSorted((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0;
  return drawPlot(
    {
      width: 420,
      height: 340,
      marginTop: 30,
      marginBottom: 40,
      marginLeft: 48,
      marginRight: 20,
      x: { domain: [0, lengths.reduce((a, b) => Math.max(a, b), 1)], nice: true },
      y: { domain: scoreDomain(points.map(({ judge }) => judge)) },
      marks: [
        Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY({ ticks: 5, tickSize: 0, color: 'var(--muted)', label: 'score', labelArrow: 'none' }),
        Plot.axisX({
          ticks: 5,
          tickSize: 4,
          color: 'var(--muted)',
          label: 'characters',
          labelArrow: 'none',
          labelAnchor: 'center',
        }),
        Plot.dot(
          points.filter((one) => one.label === null),
          { x: 'length', y: 'judge', r: 3, stroke: 'var(--muted)' },
        ),
        Plot.dot(points.filter(isBad), {
          x: 'length',
          y: 'judge',
          r: 4,
          symbol: 'times',
          stroke: 'var(--series-2)',
          strokeWidth: 1.5,
        }),
        Plot.dot(points.filter(isGood), {
          x: 'length',
          y: 'judge',
          r: 3,
          fill: 'var(--series-0)',
          fillOpacity: 0.6,
        }),
      ],
    },
    `Score against length of ${count(points.length)} answers: mean score ${meanOf(points.filter(({ length }) => length < middle))} ` +
      `below ${count(middle)} characters and ${meanOf(points.filter(({ length }) => length >= middle))} from there.`,
  );
}
