import type { TrainingsSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { REACH, seriesChart } from '../../charts/curves.js';
import { count, duration, NO_DATA, plural } from '../../format.js';
import { MOST_LINES } from '../training.js';
import { Figure, Section, Table } from '../parts.js';

type Training = TrainingsSummary['trainings'][number];

const secondsOf = ({ stages }: Training): number => stages.reduce((sum, { seconds }) => sum + seconds, 0);

const remarks = ({ alarms, monitor_alarms }: Training): string =>
  [
    ...(alarms.length === 0 ? [] : [plural(alarms.length, 'remark')]),
    ...(monitor_alarms.length === 0 ? [] : [plural(monitor_alarms.length, 'monitor alarm')]),
  ].join(', ') || 'nothing';

/** The reward of all trainings in one chart, and where the rest about each is. */
export function EachTraining({ trainings }: { trainings: readonly Training[] }): VNode {
  const series = trainings.slice(0, MOST_LINES).map(({ seed, steps }) => ({
    name: `seed ${seed}`,
    points: steps.map(({ step, metrics }) => ({ step, value: metrics['reward'] ?? null })),
  }));
  const left = trainings.length - series.length;
  return (
    <Section id="training" title="How each training went">
      <div class="alone">
        <Figure
          wide
          title="Reward"
          caption={
            `mean of the step's rollouts, a line for each training; bold: mean over ${2 * REACH + 1} steps, in longer runs` +
            (left > 0 ? `; ${left} more in summary.json` : '')
          }
        >
          {seriesChart(series)}
        </Figure>
      </div>
      <Table
        caption="Each training: its own report has its curves, its answers and what it cost"
        head={['Training', 'Report', 'Steps', 'Time', 'SFT', 'To look at']}
        rows={trainings.map((training) => [
          `seed ${training.seed}`,
          <a href={`${training.folder}/report.html`}>{training.folder}/report.html</a>,
          count(training.training.steps),
          duration(secondsOf(training)),
          training.training.sft
            ? `${plural(training.training.sft.steps, 'step')}, best at ${count(training.training.sft.best_step)}`
            : NO_DATA,
          remarks(training),
        ])}
      />
    </Section>
  );
}
