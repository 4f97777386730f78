import {
  checkpointText,
  inRegistryOrder,
  type Comparison,
  type Estimate,
  type Metric,
  type ModelSummary,
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
  const tasks = summary.data.eval_tasks;
  const table = resultTable(summary, tasks);
  const less = table.includes('] of ') ? ', or of as many as it says' : '';
  return [
    '',
    table,
    `Every figure: mean [95 % interval], over ${tasks} ${evalTasks(summary.data)}${less}.`,
    ...silentLines(summary.models),
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
    ...silentLines(summary.models),
    ...verdict(comparisons, scope).readings.map(({ sentence }) => sentence),
    ...trainings.flatMap(({ seed, training: { checkpoint } }) =>
      checkpoint ? [`RFT, seed ${seed}: ${checkpointText(checkpoint)}`] : [],
    ),
    ...summary.alarms,
    '',
  ].join('\n');
}

/** How many answers of each model a judge has no score of, where there are any. */
function silentLines(models: Figures['models']): string[] {
  const own = Object.entries(models);
  const lineOf = (judge: string, silent: (model: ModelSummary) => number | null): string[] => {
    if (!own.some(([, model]) => silent(model))) return [];
    const each = own.map(
      ([name, model]) =>
        `${silent(model) ?? 'unknown'}${model.answers === null ? '' : ` of ${model.answers}`} of ${name.toUpperCase()}`,
    );
    return [`Answers that the ${judge} has no score of: ${each.join(', ')}.`];
  };
  return [
    ...lineOf('judge', ({ abstained }) => abstained),
    ...lineOf('held-out judge', ({ heldout_abstained: silent }) => silent),
  ];
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
  tasks?: number,
): string[] =>
  columns.map(({ name }) => {
    const found = comparisons.find((one) => one.metric === name && pairOf(one) === pair)?.difference ?? null;
    return `${difference(found)}${few(found, tasks)}`;
  });

/** Of how many tasks a figure is, where it is not of all. */
const few = (estimate: Estimate | null, tasks: number | undefined): string =>
  estimate && tasks !== undefined && estimate.n < tasks ? ` of ${estimate.n}` : '';

/** The headline metrics of each model, and their paired differences. @param tasks of one training: those that a figure is over. */
function resultTable({ models, comparisons }: Figures, tasks?: number): string {
  const columns = columnsOf(models);
  return renderTable(
    [{ title: 'model' }, ...columns],
    [
      ...Object.entries(models).map(([model, { metrics }]) => [
        model.toUpperCase(),
        ...columns.map(({ name }) => {
          const own = metrics[name] ?? null;
          return `${figure(own)}${few(own, tasks)}`;
        }),
      ]),
      ...pairsOf(comparisons).map((pair) => [pair, ...differences(comparisons, pair, columns, tasks)]),
    ],
  );
}

/** The same differences within each training, with intervals over its tasks. */
function eachTable({ models, comparisons, trainings, data }: TrainingsSummary): string {
  const columns = columnsOf(models);
  return renderTable(
    [{ title: 'one training' }, ...columns],
    pairsOf(comparisons).flatMap((pair) =>
      trainings.map(({ seed, comparisons: own }) => [
        `${pair}, seed ${seed}`,
        ...differences(own, pair, columns, data.eval_tasks),
      ]),
    ),
  );
}
