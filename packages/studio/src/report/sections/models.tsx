import type { Estimate, Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { barChart } from '../charts/bars.js';
import { count, decimal, difference, direction, interval, NO_DATA } from '../format.js';
import {
  component,
  METRICS,
  metricLabel,
  modelClass,
  modelLabel,
  orderedModels,
  type MetricKey,
} from '../names.js';
import { Figure, Section, Table } from './parts.js';

const CHARTS: MetricKey[] = ['json_valid', 'judge_score', 'heldout_judge_score', 'truth_score'];

function readDifference({ better, baseline, difference: d }: Summary['comparisons'][number]): VNode {
  switch (direction(d)) {
    case 'higher':
      return <strong>{modelLabel(better)} is higher</strong>;
    case 'lower':
      return <strong>{modelLabel(baseline)} is higher</strong>;
    case 'undecided':
      return <span>not told apart: the interval includes 0</span>;
    case 'none':
      return <span>{NO_DATA}</span>;
  }
}

function Cell({ estimate }: { estimate: Estimate | null | undefined }): VNode {
  return (
    <>
      {interval(estimate)}
      {estimate ? <span class="n"> n = {count(estimate.n)}</span> : null}
    </>
  );
}

/** The bar charts of the models and the tables behind them. */
export function Models({ summary }: { summary: Summary }): VNode {
  const models = orderedModels(summary.models);
  if (models.length === 0) {
    return (
      <Section id="models" title="What improved">
        <p>No model was evaluated: {NO_DATA}.</p>
      </Section>
    );
  }
  const components = [...new Set(models.flatMap(([, model]) => Object.keys(model.components)))];
  const rows = [
    ...METRICS.map(({ key, label }) => [label, ...models.map(([, model]) => <Cell estimate={model[key]} />)]),
    ...components.map((name) => [
      name,
      ...models.map(([, model]) => <Cell estimate={component(model, name)} />),
    ]),
    ['Mean length, tokens', ...models.map(([, model]) => decimal(model.mean_tokens, 1))],
    ['Answers the judge abstained on', ...models.map(([, model]) => count(model.abstained))],
  ];
  return (
    <Section id="models" title="What improved">
      <div class="grid charts">
        {METRICS.filter(({ key }) => CHARTS.includes(key)).map(({ key, label, about }) => (
          <Figure title={label} caption={about}>
            {barChart(
              label,
              models.map(([model, values]) => ({ model, estimate: values[key] })),
            )}
          </Figure>
        ))}
      </div>
      <Table
        caption="Each model on the held-out tasks: mean [interval] and number of tasks"
        head={[
          'Metric, 0 to 1',
          ...models.map(([name]) => <span class={`model ${modelClass(name)}`}>{modelLabel(name)}</span>),
        ]}
        rows={rows}
      />
      {summary.comparisons.length === 0 ? (
        <p>Paired differences: {NO_DATA}.</p>
      ) : (
        <Table
          caption="Paired differences, task by task: mean [interval]"
          head={['Metric', 'Difference', 'Mean [interval]', 'n', 'Reading']}
          rows={summary.comparisons.map((comparison) => [
            metricLabel(comparison.metric),
            `${modelLabel(comparison.better)} − ${modelLabel(comparison.baseline)}`,
            difference(comparison.difference),
            count(comparison.difference.n),
            readDifference(comparison),
          ])}
        />
      )}
    </Section>
  );
}
