import {
  checkpointText,
  inRegistryOrder,
  type Comparison,
  type Metric,
  type Summary,
  type TrainingsSummary,
} from '@touchstone/spec';
import { renderTable } from '../../terminal/table.js';
import { difference, figure } from '../../terminal/text.js';

type Figures = Pick<Summary, 'models' | 'comparisons'>;

/** What a run ends with, for people: its table, and what may be concluded. */
export async function resultText(summary: Summary): Promise<string> {
  const { evalTasks, ONE_DRAW, verdict } = await import('@touchstone/studio');
  const { checkpoint } = summary.training;
  return [
    '',
    resultTable(summary),
    `Every figure: mean [95 % interval], over ${summary.data.eval_tasks} ${evalTasks(summary.data)}.`,
    ...(checkpoint ? [`RFT: ${checkpointText(checkpoint)}`] : []),
    ...verdict(summary.comparisons).readings.map(({ sentence }) => sentence),
    ONE_DRAW,
    '',
  ].join('\n');
}

/** The same of several trainings, with each of them by itself. */
export async function trainingsText(summary: TrainingsSummary): Promise<string> {
  const { evalTasks, verdict } = await import('@touchstone/studio');
  const { trainings, data, untrained, comparisons } = summary;
  const scope = { trainings: trainings.length, tasks: data.eval_tasks };
  return [
    '',
    resultTable(summary),
    eachTable(summary),
    `Every figure of the first table: mean [95 % interval], over ${scope.trainings} trainings and ${scope.tasks} ${evalTasks(data)}; of ${untrained.join(', ').toUpperCase()}, which is not trained, over the tasks.`,
    ...verdict(comparisons, scope).readings.map(({ sentence }) => sentence),
    ...trainings.flatMap(({ seed, training: { checkpoint } }) =>
      checkpoint ? [`RFT, seed ${seed}: ${checkpointText(checkpoint)}`] : [],
    ),
    ...summary.alarms,
    '',
  ].join('\n');
}

type Column = Metric & { title: string };

const columnsOf = (models: Figures['models']): Column[] =>
  inRegistryOrder(
    'model',
    Object.values(models).flatMap(({ metrics }) => Object.keys(metrics)),
  ).flatMap((metric) => (metric.headline === undefined ? [] : [{ ...metric, title: metric.headline }]));

const pairOf = ({ better, baseline }: Comparison): string => `${better} − ${baseline}`.toUpperCase();

const pairsOf = (comparisons: readonly Comparison[]): string[] => [...new Set(comparisons.map(pairOf))];

const differences = (
  comparisons: readonly Comparison[],
  pair: string,
  columns: readonly Column[],
): string[] =>
  columns.map(({ name }) =>
    difference(comparisons.find((one) => one.metric === name && pairOf(one) === pair)?.difference ?? null),
  );

/** The headline metrics of each model, and their paired differences. */
function resultTable({ models, comparisons }: Figures): string {
  const columns = columnsOf(models);
  return renderTable(
    [{ title: 'model' }, ...columns],
    [
      ...Object.entries(models).map(([model, { metrics }]) => [
        model.toUpperCase(),
        ...columns.map(({ name }) => figure(metrics[name] ?? null)),
      ]),
      ...pairsOf(comparisons).map((pair) => [pair, ...differences(comparisons, pair, columns)]),
    ],
  );
}

/** The same differences within each training, with intervals over its tasks. */
function eachTable({ models, comparisons, trainings }: TrainingsSummary): string {
  const columns = columnsOf(models);
  return renderTable(
    [{ title: 'one training' }, ...columns],
    pairsOf(comparisons).flatMap((pair) =>
      trainings.map(({ seed, comparisons: own }) => [
        `${pair}, seed ${seed}`,
        ...differences(own, pair, columns),
      ]),
    ),
  );
}
