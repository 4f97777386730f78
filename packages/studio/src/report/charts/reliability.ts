import * as Plot from '@observablehq/plot';
import type { JudgeDetails } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal } from '../format.js';
import { drawPlot } from './render.js';

type Curve = JudgeDetails['reliability'][number];

const STYLES: Record<Curve['map'], { color: string; dash: string; name: string }> = {
  none: { color: 'var(--series-0)', dash: 'none', name: 'the judge’s scores' },
  platt: { color: 'var(--series-1)', dash: '5 3', name: 'mapped (Platt)' },
  isotonic: { color: 'var(--series-1)', dash: '5 3', name: 'mapped (isotonic)' },
};

/** Share labelled good against the judge's score, in bins, larger where there are more answers; on the diagonal a score is a chance. */
export function reliabilityChart(curves: readonly Curve[]): VNode {
  const most = curves.flatMap(({ bins }) => bins.map(({ n }) => n)).reduce((a, b) => Math.max(a, b), 1);
  const plain = curves.filter(({ map }) => map === 'none').flatMap(({ bins }) => bins);
  const said = curves.map(
    ({ map, bins }) =>
      `${STYLES[map].name}: ${bins.map(({ forecast, outcome, n }) => `scored ${decimal(forecast)}, good ${decimal(outcome)} (${count(n)})`).join(', ')}`,
  );
  return drawPlot(
    {
      width: 420,
      height: 340,
      marginTop: 30,
      marginBottom: 40,
      marginLeft: 48,
      marginRight: 20,
      x: { domain: [0, 1] },
      y: { domain: [0, 1] },
      marks: [
        Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY({
          ticks: 5,
          tickSize: 0,
          color: 'var(--muted)',
          label: 'labelled good',
          labelArrow: 'none',
        }),
        Plot.axisX({
          ticks: 5,
          tickSize: 4,
          color: 'var(--muted)',
          label: 'score',
          labelArrow: 'none',
          labelAnchor: 'center',
        }),
        Plot.line([0, 1], {
          x: (at: number) => at,
          y: (at: number) => at,
          stroke: 'var(--muted)',
          strokeDasharray: '2 4',
        }),
        ...curves.flatMap(({ map, bins }) => [
          Plot.line(bins, {
            x: 'forecast',
            y: 'outcome',
            stroke: STYLES[map].color,
            strokeWidth: 1.5,
            strokeDasharray: STYLES[map].dash,
          }),
          Plot.dot(bins, {
            x: 'forecast',
            y: 'outcome',
            r: ({ n }: Curve['bins'][number]) => 3 + 7 * Math.sqrt(n / most),
            fill: STYLES[map].color,
            fillOpacity: 0.75,
            symbol: map === 'none' ? 'circle' : 'square',
          }),
        ]),
        Plot.text(plain, {
          x: 'forecast',
          y: 'outcome',
          text: ({ n }: Curve['bins'][number]) => count(n),
          dy: -16,
          fill: 'var(--ink)',
          fontSize: 11,
        }),
      ],
      r: { type: 'identity' },
    },
    `Share labelled good by score: ${said.join('; ')}.`,
  );
}
