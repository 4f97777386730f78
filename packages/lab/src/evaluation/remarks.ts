import { evaluatedOf, type Evaluated } from './evaluated.js';
import type { ModelRecords } from './evaluation-input.js';
import type { EvaluationRecord, NamedMeasure } from './record.js';
import { fieldsTooFine, MOST_VALUES } from './slices.js';

/** What a reader should know of the records before any figure of them. */
export function remarksOf(evaluated: Evaluated): string[] {
  const { models, tasks, metrics } = evaluated;
  const several = models.some(({ trainings }) => trainings.length > 1);
  const samples = new Map(models.map((model) => [model.name, samplesOf(model)]));
  const counts = [...new Set(samples.values())];
  return [
    ...models.flatMap(({ name, trainings }) => {
      const own = new Set(trainings.flat().map(({ taskId }) => taskId));
      return own.size === tasks.length
        ? []
        : [
            `${name} has answers to ${own.size} of ${tasks.length} tasks: its own figures are of those, its differences of the tasks that both have.`,
          ];
    }),
    ...models.flatMap(({ name, trainings }) => {
      const lacking = metrics.filter(
        ({ measure }) => !trainings.some((records) => records.some((record) => measure(record) !== null)),
      );
      return lacking.length === 0
        ? []
        : [`${name} has no ${lacking.map((metric) => metric.name).join(', ')}.`];
    }),
    ...models.flatMap(({ name, trainings }) => partlyScored(name, trainings.flat(), metrics)),
    ...(counts.length > 1
      ? [`Answers a task: ${[...samples].map(([name, count]) => `${name} ${count}`).join(', ')}.`]
      : []),
    ...(several
      ? models
          .filter(({ trainings }) => trainings.length === 1)
          .map(
            ({ name }) =>
              `${name} is one training, or none: intervals of its differences know nothing of what another seed of it would give.`,
          )
      : []),
    ...fieldsTooFine(evaluated).map(
      ({ field, values }) =>
        `Figures are not cut by ${field}, which has ${values} values (at most ${MOST_VALUES}).`,
    ),
  ];
}

/** The same of models that have not been checked. @throws {InputError} as `evaluatedOf`. */
export const remarksOfModels = (models: readonly ModelRecords[]): string[] =>
  remarksOf(evaluatedOf({ models }));

/** Metrics that some answers of a model have and others do not. */
function partlyScored(
  model: string,
  records: readonly EvaluationRecord[],
  metrics: readonly NamedMeasure[],
): string[] {
  return metrics.flatMap(({ name, measure }) => {
    const scored = records.filter((record) => measure(record) !== null);
    const silent = records.length - scored.length;
    if (silent === 0 || scored.length === 0) return [];
    const tasks = new Set(scored.map(({ taskId }) => taskId)).size;
    return [
      `${model}: ${silent} of ${records.length} answers have no score of ${name}: its mean is of the ${tasks} ${tasks === 1 ? 'task' : 'tasks'} that have one, its differences of the tasks that both models have one of.`,
    ];
  });
}

/** Lowest and highest number of answers to a task in a training. */
function samplesOf({ trainings }: ModelRecords): string {
  const counts = trainings.flatMap((records) => {
    const byTask = new Map<string, number>();
    for (const { taskId } of records) byTask.set(taskId, (byTask.get(taskId) ?? 0) + 1);
    return [...byTask.values()];
  });
  const low = counts.reduce((a, b) => Math.min(a, b));
  const high = counts.reduce((a, b) => Math.max(a, b));
  return low === high ? String(low) : `${low} to ${high}`;
}
