import type { EvaluatedPair, EvaluationSummary } from '@touchstone/spec';

import { SIGNED } from '../statistics/jackknife.js';
import { overTrainings, meanOverTasks } from './by-task.js';
import type { Evaluated } from './evaluated.js';
import { type NamedMeasure, taskMeans } from './record.js';
import { correctedEnds } from './family.js';
import { differencesOf, type ModelPair } from './pairs.js';
import { cutsOf } from './slices.js';

type Regression = EvaluationSummary['regressions'][number];
type WorseTasks = EvaluationSummary['worse_tasks'][number];

/** A slice of fewer clusters is not looked at for regressions. */
const LEAST_CLUSTERS = 5;
/** Tasks that are named of those that a model is worse on. */
const MOST_TASKS = 5;

/** Pairs whose model is shown to be worse by a metric. */
export const wholeRegressions = (pairs: readonly EvaluatedPair[]): Regression[] =>
  pairs.flatMap(({ metric, model, baseline, tasks, difference, corrected, shown }) =>
    shown === 'lower' && difference
      ? [{ metric, model, baseline, slice: null, tasks, difference, corrected }]
      : [],
  );

/**
 * Slices in which a model is shown to be worse by a metric, corrected for all slices of all pairs.
 */
export function sliceRegressions(
  pairs: readonly ModelPair[],
  { name, measure }: NamedMeasure,
  evaluated: Evaluated,
): Regression[] {
  const { clusterOf } = evaluated;
  const looks = pairs.flatMap((pair) => {
    const differences = differencesOf(pair, measure);
    return cutsOf(evaluated).flatMap(({ field, value, has }) => {
      const within = differences.map((training) => new Map([...training].filter(([task]) => has(task))));
      const tasks = [...overTrainings(within).keys()];
      const difference = meanOverTasks(within, clusterOf, SIGNED);
      const isEnough = new Set(tasks.map(clusterOf)).size >= LEAST_CLUSTERS;
      return difference && isEnough ? [{ pair, field, value, tasks: tasks.length, difference }] : [];
    });
  });
  return looks.flatMap(({ pair, field, value, tasks, difference }) => {
    const corrected = correctedEnds(difference, looks.length, SIGNED);
    if (corrected.high >= 0) return [];
    return [
      {
        metric: name,
        model: pair.model.name,
        baseline: pair.baseline.name,
        slice: { field, value },
        tasks,
        difference,
        corrected,
      },
    ];
  });
}

/** The tasks that a model loses most on by a metric; null where it is worse on none. */
export function worseTasks(pair: ModelPair, { name, measure }: NamedMeasure): WorseTasks | null {
  const [model, baseline] = [pair.model, pair.baseline].map(({ trainings }) =>
    overTrainings(trainings.map((records) => taskMeans(records, measure))),
  );
  const worse = [...model!].flatMap(([task, own]) => {
    const rival = baseline!.get(task);
    return rival !== undefined && own < rival ? [{ task, model: own, baseline: rival }] : [];
  });
  if (worse.length === 0) return null;
  return {
    metric: name,
    model: pair.model.name,
    baseline: pair.baseline.name,
    worse: worse.length,
    tasks: worse.sort((a, b) => a.model - a.baseline - (b.model - b.baseline)).slice(0, MOST_TASKS),
  };
}
