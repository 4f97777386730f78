import { largest } from '@touchstone/spec';
import * as Plot from '@observablehq/plot';
import type { VNode } from 'preact';
import { count, decimal } from '../format.js';
import { drawPlot } from './render.js';

/** Half of the width of an interval, and the number of labelled tasks at which it is that. */
interface Budget {
  tasks: number;
  half_width: number;
}

/** How narrow the interval becomes with more labelled tasks; the first point is what there is now. */
export function labelBudgetChart(now: Budget, more: readonly Budget[]): VNode {
  const points = [now, ...more];
  return drawPlot(
    {
      width: 420,
      height: 300,
      marginTop: 30,
      marginBottom: 40,
      marginLeft: 48,
      marginRight: 30,
      x: { type: 'log', domain: [now.tasks, Math.max(now.tasks * 1.5, ...more.map(({ tasks }) => tasks))] },
      y: { domain: [0, largest(points.map(({ half_width: half }) => half))], nice: true },
      marks: [
        Plot.gridY({ ticks: 5, stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.axisY({ ticks: 5, tickSize: 0, color: 'var(--muted)', label: '± κ', labelArrow: 'none' }),
        Plot.axisX({
          ticks: 4,
          tickFormat: (tasks: number) => count(tasks),
          tickSize: 4,
          color: 'var(--muted)',
          label: 'labelled tasks',
          labelArrow: 'none',
          labelAnchor: 'center',
        }),
        Plot.line(points, { x: 'tasks', y: 'half_width', stroke: 'var(--rft)', strokeWidth: 2 }),
        Plot.dot(points, { x: 'tasks', y: 'half_width', fill: 'var(--rft)', r: 3 }),
        Plot.dot([now], {
          x: 'tasks',
          y: 'half_width',
          fill: 'var(--page)',
          stroke: 'var(--rft)',
          strokeWidth: 2,
          r: 6,
        }),
        Plot.text(points, {
          x: 'tasks',
          y: 'half_width',
          text: ({ tasks }: Budget) => count(tasks),
          dy: -11,
          fill: 'var(--ink)',
          fontSize: 11,
        }),
      ],
    },
    `Labelled tasks and half of the interval’s width: now ${count(now.tasks)}, ± ${decimal(now.half_width)}; ` +
      `${more.map(({ tasks, half_width: half }) => `${count(tasks)}, ± ${decimal(half, 3)}`).join('; ')}.`,
  );
}
