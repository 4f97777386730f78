import { evalTasks, maySilenceDecide } from '../verdict.js';
import {
  inRegistryOrder,
  metricNamed,
  type Comparison,
  type Estimate,
  type Metric,
  type ModelSummary,
  type Summary,
} from '@touchstone/spec';
import type { VNode } from 'preact';
import { barChart } from '../charts/bars.js';
import { count, decimal, difference, direction, interval, NO_DATA } from '../format.js';
import { entry, modelClass, modelLabel, orderedModels } from '../names.js';
import { Figure, metricCaption, metricTitle, Section, Table } from './parts.js';

/** Which model is higher, in words. */
export function readDifference(comparison: Comparison): VNode {
  const { better, baseline, difference: d } = comparison;
  const where = maySilenceDecide(comparison) ? ' where both have a score, which silence may decide' : '';
  switch (direction(d)) {
    case 'higher':
      return (
        <>
          <strong>{modelLabel(better)} is higher</strong>
          {where}
        </>
      );
    case 'lower':
      return (
        <>
          <strong>{modelLabel(baseline)} is higher</strong>
          {where}
        </>
      );
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

/** Pair by pair as the summary has them, each pair's metrics in the order of the registry. */
export function ordered(comparisons: readonly Comparison[]): Comparison[] {
  const pairOf = ({ better, baseline }: Comparison): string => JSON.stringify([better, baseline]);
  const pairs = [...new Set(comparisons.map(pairOf))];
  return pairs.flatMap((pair) => {
    const own = comparisons.filter((comparison) => pairOf(comparison) === pair);
    const metrics = inRegistryOrder(
      'model',
      own.map(({ metric }) => metric),
    );
    return metrics.flatMap(({ name }) => own.filter(({ metric }) => metric === name));
  });
}

/** The metrics that any of the models has, in the order of the registry. */
export const metricsOf = (models: readonly [string, ModelSummary][]): Metric[] =>
  inRegistryOrder(
    'model',
    models.flatMap(([, model]) => Object.keys(model.metrics)),
  );

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
  const metrics = metricsOf(models);
  return (
    <Section id="models" title="What improved">
      <div class="grid charts">
        {metrics
          .filter(({ headline }) => headline !== undefined)
          .map((metric) => (
            <Figure title={metricTitle(metric)} caption={metricCaption(metric)}>
              {barChart(
                metric.label,
                models.map(([model, { metrics: own }]) => ({
                  model,
                  estimate: entry(own, metric.name) ?? null,
                })),
              )}
            </Figure>
          ))}
      </div>
      <ModelsTable
        caption={`Each model on the ${evalTasks(summary.data)}: mean [interval] and number of tasks`}
        models={models}
      />
      {summary.comparisons.length === 0 ? (
        <p>Paired differences: {NO_DATA}.</p>
      ) : (
        <Table
          caption="Paired differences, task by task: mean [interval]"
          head={['Metric', 'Difference', 'Mean [interval]', 'n', 'Reading']}
          rows={ordered(summary.comparisons).map((comparison) => [
            metricNamed('model', comparison.metric).label,
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

/** `46 of 80`; older files do not say of how many. */
const silent = ({ answers }: ModelSummary, abstained: number | null): string =>
  abstained === null ? NO_DATA : `${count(abstained)}${answers === null ? '' : ` of ${count(answers)}`}`;

/** Every metric and every part of the reward, a column for each model. */
export function ModelsTable({
  caption,
  models,
}: {
  caption: string;
  models: readonly [string, ModelSummary][];
}): VNode {
  const components = [...new Set(models.flatMap(([, model]) => Object.keys(model.components)))];
  const metrics = metricsOf(models);
  const rows = [
    ...metrics.map((metric) => [
      metricTitle(metric),
      ...models.map(([, model]) => <Cell estimate={entry(model.metrics, metric.name)} />),
    ]),
    ...components.map((name) => [
      name,
      ...models.map(([, model]) => <Cell estimate={entry(model.components, name)} />),
    ]),
    ['Mean length, tokens', ...models.map(([, model]) => decimal(model.mean_tokens, 1))],
    ['Answers the judge abstained on', ...models.map(([, model]) => silent(model, model.abstained))],
    ...(models.some(([, model]) => model.heldout_abstained !== null)
      ? [
          [
            'Answers the held-out judge abstained on',
            ...models.map(([, model]) => silent(model, model.heldout_abstained)),
          ],
        ]
      : []),
  ];
  return (
    <Table
      caption={caption}
      head={[
        'Metric, 0 to 1 unless it has a unit',
        ...models.map(([name]) => <span class={`model ${modelClass(name)}`}>{modelLabel(name)}</span>),
      ]}
      rows={rows}
    />
  );
}
