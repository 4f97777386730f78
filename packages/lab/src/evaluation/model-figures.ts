import type { Estimate, EvaluatedModel } from '@touchstone/spec';

import { passPowerK } from '../statistics/pass-k.js';
import { SHARE, UNBOUNDED } from '../statistics/jackknife.js';
import { type ByTask, meanOverTasks } from './by-task.js';
import type { Evaluated } from './evaluated.js';
import {
  type EvaluationRecord,
  type Measure,
  MEASURES,
  type NamedMeasure,
  taskMeans,
  valuesByTask,
} from './record.js';
import type { ModelRecords } from './evaluation-input.js';
import { bestOfByTask, componentMeasure, componentNames } from './model-summary.js';
import { cutsOf } from './slices.js';

/** A metric by which answers pass, and from which score. */
export interface Passing extends NamedMeasure {
  threshold: number;
}

/**
 * Metrics that say what passes: those of which every score is 0 or 1, and with a threshold all.
 *
 * @param threshold an answer passes with at least this score.
 */
export function passingOf({ models, metrics }: Evaluated, threshold: number | undefined): Passing[] {
  const records = models.flatMap(({ trainings }) => trainings.flat());
  const isBoolean = (measure: Measure): boolean =>
    records.every((record) => [null, 0, 1].includes(measure(record)));
  return metrics.flatMap((metric) => {
    if (isBoolean(metric.measure)) return [{ ...metric, threshold: 1 }];
    return threshold === undefined ? [] : [{ ...metric, threshold }];
  });
}

/**
 * The figures of one model by itself. Every mean is over tasks, the answers of a task averaged first.
 *
 * @param bestOf the largest k.
 */
export function modelFigures(
  model: ModelRecords,
  evaluated: Evaluated,
  { bestOf, passing }: { bestOf: number; passing: readonly Passing[] },
): EvaluatedModel {
  const { metrics, clusterOf } = evaluated;
  const all = model.trainings.flat();
  const over = (byTask: (records: readonly EvaluationRecord[]) => ByTask, range = SHARE): Estimate | null =>
    meanOverTasks(model.trainings.map(byTask), clusterOf, range);
  const measured = (measure: Measure): Estimate | null => over((records) => taskMeans(records, measure));
  const tasks = new Set(all.map(({ taskId }) => taskId));
  const ks = ksOf(bestOf, model.trainings);
  return {
    tasks: tasks.size,
    clusters: new Set([...tasks].map(clusterOf)).size,
    answers: all.length,
    trainings: model.trainings.length,
    abstained: abstained(all),
    metrics: Object.fromEntries(metrics.map(({ name, measure }) => [name, measured(measure)])),
    components: Object.fromEntries(
      componentNames(all).flatMap((name) => {
        const interval = measured(componentMeasure(name));
        return interval ? [[name, interval]] : [];
      }),
    ),
    tokens: amount(over((records) => taskMeans(records, ({ tokens }) => tokens), UNBOUNDED)),
    length: amount(over((records) => taskMeans(records, ({ length }) => length ?? null), UNBOUNDED)),
    pass: passing.flatMap((one) => ks.map((k) => passFigure(over, one, k))),
    best_of: ks
      .filter((k) => k > 1)
      .map((k) => {
        const best = (outcome: Measure): Estimate | null =>
          over((records) => bestOfByTask(records, outcome, k));
        return {
          k,
          judge: best(MEASURES.judge_score),
          heldout: best(MEASURES.heldout_judge_score),
          truth: best(MEASURES.truth_score),
        };
      })
      .filter(({ judge }) => judge !== null),
    slices: cutsOf(evaluated).map(({ field, value, has }) => {
      const within = (measure: Measure): Estimate | null =>
        over((records) =>
          taskMeans(
            records.filter(({ taskId }) => has(taskId)),
            measure,
          ),
        );
      return {
        field,
        value,
        tasks: [...tasks].filter(has).length,
        metrics: Object.fromEntries(metrics.map(({ name, measure }) => [name, within(measure)])),
      };
    }),
  };
}

function passFigure(
  over: (byTask: (records: readonly EvaluationRecord[]) => ByTask) => Estimate | null,
  { name, measure, threshold }: Passing,
  k: number,
): EvaluatedModel['pass'][number] {
  const chances = (records: readonly EvaluationRecord[]): ByTask =>
    new Map(
      [...valuesByTask(records, measure)].flatMap(([task, values]): [string, number][] => {
        const chance = passPowerK(
          values.map((value) => value >= threshold),
          k,
        );
        return chance === null ? [] : [[task, chance]];
      }),
    );
  return { metric: name, threshold, k, estimate: over(chances) };
}

/** 1, 2, 4, …, and the largest that is asked for and that some task has answers for. */
function ksOf(bestOf: number, trainings: ModelRecords['trainings']): number[] {
  const most = trainings
    .flatMap((records) => [...valuesByTask(records, () => 1).values()])
    .reduce((high, { length }) => Math.max(high, length), 0);
  const top = Math.min(bestOf, most);
  const doubling = Array.from({ length: 32 }, (_, i) => 2 ** i).filter((k) => k < top);
  return top > 0 ? [...doubling, top] : [];
}

/** Answers that the judge was asked about and has no score of. Where records do not say who was asked, it was if it has said anything. */
function abstained(records: readonly EvaluationRecord[]): number {
  const spoke = records.some(({ judge }) => judge !== null);
  const asked = ({ by }: EvaluationRecord): boolean =>
    by === undefined ? spoke : Object.hasOwn(by, 'judge_score');
  return records.filter((record) => record.judge === null && asked(record)).length;
}

/** A number of things is never below 0. */
const amount = (estimate: Estimate | null): Estimate | null =>
  estimate && { ...estimate, low: Math.max(0, estimate.low) };
