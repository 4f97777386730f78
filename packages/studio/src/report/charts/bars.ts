import * as Plot from '@observablehq/plot';
import type { Estimate } from '@touchstone/spec';
import type { VNode } from 'preact';
import { decimal, interval, shorten } from '../format.js';
import { modelColor, modelLabel } from '../names.js';
import { drawPlot, scoreDomain } from './render.js';

/** One bar: a model's mean with its interval, or null where the model has none. */
export interface Bar {
  model: string;
  estimate: Estimate | null;
  /** Means of single trainings, drawn as rings. */
  byTraining?: readonly number[];
}

/** Pixels of a chart of a few bars, and of each bar where there are more. */
const [NARROW, BAR] = [270, 100];

/**
 * Bars on 0–1 with the interval as a whisker and n under the model's name; a missing estimate says "no data".
 *
 * @param labelOf what a model is called; default: a run's own names for people.
 */
export function barChart(
  title: string,
  bars: readonly Bar[],
  labelOf: (model: string) => string = modelLabel,
): VNode {
  const known = bars.flatMap(({ model, estimate }) =>
    estimate && estimate.n > 0 ? [{ model, color: modelColor(model), ...estimate }] : [],
  );
  const missing = bars.filter(({ model }) => !known.some((bar) => bar.model === model));
  const axisText = (model: string): string => {
    const bar = known.find((b) => b.model === model);
    return `${shorten(labelOf(model), 12)}\n${bar ? `n = ${bar.n}` : ' '}`;
  };
  const rings = bars.flatMap(({ model, byTraining = [] }) => byTraining.map((mean) => ({ model, mean })));
  const description = `${title}: ${bars.map((b) => `${labelOf(b.model)} ${interval(b.estimate)}`).join('; ')}.`;
  return drawPlot(
    {
      width: Math.max(NARROW, bars.length * BAR),
      height: 240,
      marginTop: 26,
      marginBottom: 42,
      marginLeft: 34,
      marginRight: 4,
      x: { domain: bars.map(({ model }) => model), padding: 0.3, label: null },
      y: {
        domain: scoreDomain([
          ...known.flatMap(({ low, high, mean }) => [low, high, mean]),
          ...rings.map(({ mean }) => mean),
        ]),
        label: null,
      },
      marks: [
        Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY({ ticks: 5, tickSize: 0, fill: 'var(--muted)' }),
        Plot.axisX({ tickFormat: axisText, tickSize: 0, fill: 'var(--ink)', lineHeight: 1.25 }),
        Plot.barY(known, { x: 'model', y: 'mean', fill: 'color' }),
        Plot.ruleX(known, { x: 'model', y1: 'low', y2: 'high', stroke: 'var(--ink)', strokeWidth: 1.5 }),
        ...(['low', 'high'] as const).map((bound) =>
          Plot.tickY(known, { x: 'model', y: bound, stroke: 'var(--ink)', strokeWidth: 1.5, inset: 16 }),
        ),
        Plot.dot(rings, { x: 'model', y: 'mean', r: 3.5, stroke: 'var(--ink)', fill: 'var(--page)' }),
        Plot.text(known, {
          x: 'model',
          y: (bar: Estimate) => Math.max(bar.high, bar.mean),
          text: (bar: Estimate) => decimal(bar.mean),
          dy: -9,
          fill: 'var(--ink)',
          fontWeight: 600,
        }),
        Plot.text(missing, { x: 'model', y: 0, text: () => 'no data', dy: -9, fill: 'var(--muted)' }),
        Plot.ruleY([0], { stroke: 'var(--ink)' }),
      ],
    },
    description,
  );
}
