import * as Plot from '@observablehq/plot';
import type { Estimate } from '@touchstone/spec';
import type { VNode } from 'preact';
import { decimal, interval, shorten } from '../format.js';
import { drawPlot, scoreDomain } from './render.js';

/** One checkpoint with its score. */
export interface CheckpointPoint {
  model: string;
  estimate: Estimate | null;
  mark: 'kept' | 'dip' | null;
}

/** Pixels for one checkpoint. */
const STEP = 84;

/** Scores of checkpoints in their order, with their intervals; the one to keep and dips are marked by shape, colour and word. */
export function checkpointChart(title: string, points: readonly CheckpointPoint[]): VNode {
  const known = points.flatMap(({ model, estimate, mark }) =>
    estimate ? [{ model, mark, ...estimate }] : [],
  );
  const marked = (mark: CheckpointPoint['mark']): typeof known =>
    known.filter((point) => point.mark === mark);
  const words = { kept: 'keep', dip: 'dip' } as const;
  const said = points.map(
    ({ model, estimate, mark }) => `${model} ${interval(estimate)}${mark ? ` (${words[mark]})` : ''}`,
  );
  return drawPlot(
    {
      width: Math.max(480, points.length * STEP + 60),
      height: 280,
      marginTop: 26,
      marginBottom: 42,
      marginLeft: 40,
      marginRight: 16,
      x: { type: 'point', domain: points.map(({ model }) => model), label: null, padding: 0.5 },
      y: { domain: scoreDomain(known.flatMap(({ low, high }) => [low, high])), label: null },
      marks: [
        Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY({ ticks: 5, tickSize: 0, fill: 'var(--muted)' }),
        Plot.axisX({ tickFormat: (model: string) => shorten(model, 12), tickSize: 0, fill: 'var(--ink)' }),
        Plot.ruleX(known, { x: 'model', y1: 'low', y2: 'high', stroke: 'var(--muted)', strokeWidth: 1.5 }),
        Plot.line(known, { x: 'model', y: 'mean', stroke: 'var(--rft)', strokeWidth: 2 }),
        Plot.dot(marked(null), { x: 'model', y: 'mean', r: 4, fill: 'var(--rft)' }),
        Plot.dot(marked('kept'), { x: 'model', y: 'mean', r: 6, fill: 'var(--good)', symbol: 'square' }),
        Plot.dot(marked('dip'), {
          x: 'model',
          y: 'mean',
          r: 5,
          stroke: 'var(--bad)',
          strokeWidth: 3,
          symbol: 'times',
        }),
        Plot.text(known, {
          x: 'model',
          y: 'high',
          text: ({ mean, mark }: (typeof known)[number]) =>
            `${decimal(mean)}${mark ? ` ${words[mark]}` : ''}`,
          dy: -9,
          fill: 'var(--ink)',
          fontWeight: 600,
        }),
      ],
    },
    `${title}: ${said.join('; ')}.`,
  );
}
