import type { EvaluationSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { checkpointChart } from '../charts/checkpoints.js';
import { entry } from '../names.js';
import { Figure, Section, Table } from '../sections/parts.js';
import { metricLabel, modelOf } from './verdict.js';

type Curve = EvaluationSummary['curves'][number];

const none = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));

/** The curve of the main metric over the checkpoints, and what each metric says of them. */
export function Checkpoints({ summary }: { summary: EvaluationSummary }): VNode {
  const { order, curves, main_metric: main } = summary;
  const curve = curves.find(({ metric }) => metric === main);
  return (
    <Section id="checkpoints" title="Checkpoints">
      {curve && (
        <div class="alone">
          <Figure
            wide
            title={metricLabel(curve.metric)}
            caption="in the order of training; lines are intervals"
          >
            {checkpointChart(
              metricLabel(curve.metric),
              order.map((model) => ({
                model,
                estimate: entry(modelOf(summary, model).metrics, curve.metric) ?? null,
                mark: markOf(curve, model),
              })),
            )}
          </Figure>
        </div>
      )}
      <p>
        The highest of noisy means is partly the luckiest. So the last checkpoint is kept, unless it is more
        than a standard error below the highest on tasks that both have a score of; then, of those that are
        not, the one whose neighbours score best.
      </p>
      <Table
        caption="By each metric"
        head={[
          'Metric',
          'Keep',
          'Highest',
          'Dips',
          'Shown to be above',
          'Cannot be told apart from',
          'Shown to be below',
        ]}
        rows={curves.map((one) => [
          metricLabel(one.metric),
          one.best,
          one.highest,
          none(one.dips.map(({ model }) => model)),
          none(one.better_than),
          none(one.not_told_apart),
          none(one.worse_than),
        ])}
      />
    </Section>
  );
}

function markOf({ best, dips }: Curve, model: string): 'kept' | 'dip' | null {
  if (model === best) return 'kept';
  return dips.some((dip) => dip.model === model) ? 'dip' : null;
}
