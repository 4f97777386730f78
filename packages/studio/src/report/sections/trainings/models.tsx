import { evalTasks } from '../../verdict.js';
import { metricNamed, type Comparison, type Estimate, type TrainingsSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { barChart } from '../../charts/bars.js';
import { DOTS_LEGEND, trainingsForest } from '../../charts/trainings.js';
import { count, difference, interval, NO_DATA, signed } from '../../format.js';
import { entry, modelClass, modelLabel, orderedModels } from '../../names.js';
import { metricsOf, ModelsTable, ordered, readDifference } from '../models.js';
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
  return (
    <Section id="models" title="What improved">
      <Differences summary={summary} />
      <Levels summary={summary} />
    </Section>
  );
}

function Differences({ summary }: { summary: TrainingsSummary }): VNode {
  const { trainings } = summary;
  const comparisons = ordered(summary.comparisons);
  const shown = comparisons.filter(({ metric }) => metricNamed('model', metric).headline !== undefined);
  if (shown.length === 0) return <p>Paired differences: {NO_DATA}.</p>;
  return (
    <>
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
    </>
  );
}

function Levels({ summary }: { summary: TrainingsSummary }): VNode {
  const { trainings, untrained } = summary;
  const models = orderedModels(summary.models);
  const headlines = metricsOf(models).filter(({ headline }) => headline !== undefined);
  const of = (training: Training, model: string, metric: string): Estimate | null =>
    entry(entry(training.models, model)?.metrics ?? {}, metric) ?? null;
  return (
    <>
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
                  : trainings.flatMap((training) => of(training, model, metric.name)?.mean ?? []),
              })),
            )}
          </Figure>
        ))}
      </div>
      <ModelsTable
        caption={`Each model on the ${evalTasks(summary.data)}, over all trainings: mean [interval] and n`}
        models={models}
      />
      <Table
        caption="Each training by itself: mean [interval over its tasks]"
        head={['Training', 'Model', ...headlines.map(metricTitle)]}
        rows={trainings.flatMap((training) =>
          models
            .filter(([name]) => !untrained.includes(name))
            .map(([name]) => [
              `seed ${training.seed}`,
              <span class={`model ${modelClass(name)}`}>{modelLabel(name)}</span>,
              ...headlines.map((metric) => interval(of(training, name, metric.name))),
            ]),
        )}
      />
    </>
  );
}
