import { inRegistryOrder, metricNamed, type Comparison, type TrainingsSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { barChart } from '../../charts/bars.js';
import { DOTS_LEGEND, trainingsForest } from '../../charts/trainings.js';
import { count, decimal, difference, interval, NO_DATA, signed } from '../../format.js';
import { entry, modelClass, modelLabel, orderedModels } from '../../names.js';
import { Cell, ordered, readDifference } from '../models.js';
import { Figure, metricCaption, metricTitle, Section, Table } from '../parts.js';

type Training = TrainingsSummary['trainings'][number];

const pairText = ({ better, baseline }: Comparison): string =>
  `${modelLabel(better)} − ${modelLabel(baseline)}`;

/** The same difference in one training; null where it has none. */
function within({ comparisons }: Training, { metric, better, baseline }: Comparison): number | null {
  const found = comparisons.find(
    (one) => one.metric === metric && one.better === better && one.baseline === baseline,
  );
  return found?.difference.mean ?? null;
}

/** What the trainings come to together, and each of them. */
export function TrainingsModels({ summary }: { summary: TrainingsSummary }): VNode {
  const { trainings, untrained } = summary;
  const models = orderedModels(summary.models);
  const comparisons = ordered(summary.comparisons);
  const metrics = inRegistryOrder(
    'model',
    models.flatMap(([, model]) => Object.keys(model.metrics)),
  );
  const headlines = metrics.filter(({ headline }) => headline !== undefined);
  const shown = comparisons.filter(({ metric }) => headlines.some(({ name }) => name === metric));
  const components = [...new Set(models.flatMap(([, model]) => Object.keys(model.components)))];
  const trained = models.filter(([name]) => !untrained.includes(name));
  return (
    <Section id="models" title="What improved">
      {shown.length === 0 ? (
        <p>Paired differences: {NO_DATA}.</p>
      ) : (
        <div class="alone">
          <Figure wide title="Paired differences" caption={DOTS_LEGEND}>
            {trainingsForest(
              'Paired differences',
              shown.map((comparison) => ({
                label: `${pairText(comparison)}, ${metricNamed('model', comparison.metric).label}`,
                estimate: comparison.difference,
                byTraining: trainings.map((training) => within(training, comparison)),
              })),
            )}
          </Figure>
        </div>
      )}
      <div class="grid charts">
        {headlines.map((metric) => (
          <Figure title={metricTitle(metric)} caption={metricCaption(metric)}>
            {barChart(
              metric.label,
              models.map(([model, { metrics: own }]) => ({
                model,
                estimate: entry(own, metric.name) ?? null,
                byTraining: untrained.includes(model)
                  ? []
                  : trainings.flatMap(
                      ({ models: of }) => entry(entry(of, model)?.metrics ?? {}, metric.name)?.mean ?? [],
                    ),
              })),
            )}
          </Figure>
        ))}
      </div>
      {comparisons.length > 0 && (
        <Table
          caption={`Paired differences, training by training and task by task: mean [interval over ${count(trainings.length)} trainings], then the mean of each`}
          head={[
            'Metric',
            'Difference',
            'Mean [interval]',
            ...trainings.map(({ seed }) => `seed ${seed}`),
            'Reading',
          ]}
          rows={comparisons.map((comparison) => [
            metricNamed('model', comparison.metric).label,
            pairText(comparison),
            difference(comparison.difference),
            ...trainings.map((training) => {
              const value = within(training, comparison);
              return value === null ? NO_DATA : signed(value);
            }),
            readDifference(comparison),
          ])}
        />
      )}
      <Table
        caption="Each model on the held-out tasks, over all trainings: mean [interval] and n"
        head={[
          'Metric, 0 to 1 unless it has a unit',
          ...models.map(([name]) => <span class={`model ${modelClass(name)}`}>{modelLabel(name)}</span>),
        ]}
        rows={[
          ...metrics.map((metric) => [
            metricTitle(metric),
            ...models.map(([, model]) => <Cell estimate={entry(model.metrics, metric.name)} />),
          ]),
          ...components.map((name) => [
            name,
            ...models.map(([, model]) => <Cell estimate={entry(model.components, name)} />),
          ]),
          ['Mean length, tokens', ...models.map(([, model]) => decimal(model.mean_tokens, 1))],
          ['Answers the judge abstained on', ...models.map(([, model]) => count(model.abstained))],
        ]}
      />
      <Table
        caption="Each training by itself: mean [interval over its tasks]"
        head={['Training', 'Model', ...headlines.map(metricTitle)]}
        rows={trainings.flatMap(({ seed, models: own }) =>
          trained.map(([name]) => [
            `seed ${seed}`,
            <span class={`model ${modelClass(name)}`}>{modelLabel(name)}</span>,
            ...headlines.map((metric) => interval(entry(entry(own, name)?.metrics ?? {}, metric.name))),
          ]),
        )}
      />
    </Section>
  );
}
