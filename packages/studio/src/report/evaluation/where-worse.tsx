import type { EvaluationSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, difference } from '../format.js';
import { Section, Table } from '../sections/parts.js';
import { endsText } from './differences.js';
import { correctedText, metricLabel } from './verdict.js';

/** Regressions that are shown, and the tasks that lost most. */
export function WhereWorse({ summary, baseline }: { summary: EvaluationSummary; baseline: string }): VNode {
  const { regressions, worse_tasks: worse, main_metric: main } = summary;
  const rows = worse.filter(({ metric }) => metric === main);
  return (
    <Section id="worse" title="Where a model is worse">
      {regressions.length === 0 ? (
        <p>
          No model is shown to be worse than {baseline} by any metric, over all tasks or within a slice. That
          does not show that none is.
        </p>
      ) : (
        <Table
          caption={`Shown to be worse than ${baseline}: mean [interval], and [corrected for all pairs, within slices for all slices]`}
          head={['Model', 'Metric', 'Where', 'Difference', 'Corrected', 'Tasks']}
          rows={regressions.map((one) => [
            one.model,
            metricLabel(one.metric),
            one.slice ? `${one.slice.field}: ${one.slice.value}` : 'all tasks',
            difference(one.difference),
            endsText(correctedText(one)),
            count(one.tasks),
          ])}
        />
      )}
      {rows.length > 0 && main !== null && (
        <Table
          caption={`Tasks that lost most by ${metricLabel(main)}. Each is a task by itself, and may be chance.`}
          head={['Model', 'Worse on', 'Task', 'Score', baseline]}
          rows={rows.flatMap(({ model, worse: tasks, tasks: named }) =>
            named.map((task, i) => [
              i === 0 ? model : '',
              i === 0 ? `${count(tasks)} tasks` : '',
              task.task,
              decimal(task.model),
              decimal(task.baseline),
            ]),
          )}
        />
      )}
    </Section>
  );
}
