import type { Estimate, EvaluatedPair } from '@touchstone/spec';

import { meanAtEqualLength } from '../statistics/equal-length.js';
import { SHARE, SIGNED } from '../statistics/jackknife.js';
import { type ByTask, meanOverTasks } from './by-task.js';
import type { Evaluated } from './evaluated.js';
import { type EvaluationRecord, type Measure, type NamedMeasure, taskMeans, valuesByTask } from './record.js';
import type { ModelRecords } from './evaluation-input.js';
import { correctedMeans, shownBy } from './family.js';

/** Two models; differences are `model` minus `baseline`. */
export interface ModelPair {
  model: ModelRecords;
  baseline: ModelRecords;
}

/** Every two models, the later minus the earlier one. */
export const pairsOf = (models: readonly ModelRecords[]): ModelPair[] =>
  models.flatMap((baseline, i) => models.slice(i + 1).map((model) => ({ model, baseline })));

/** Every two models by one metric, with intervals that hold at once. */
export function comparePairs(
  pairs: readonly ModelPair[],
  { name, measure }: NamedMeasure,
  evaluated: Evaluated,
): EvaluatedPair[] {
  const { clusterOf } = evaluated;
  const differences = pairs.map((pair) => differencesOf(pair, measure));
  const family = correctedMeans(differences, clusterOf, SIGNED);
  return pairs.map((pair, i) => {
    const { estimate, corrected } = family[i]!;
    return {
      metric: name,
      model: pair.model.name,
      baseline: pair.baseline.name,
      tasks: new Set(differences[i]!.flatMap((training) => [...training.keys()])).size,
      difference: estimate,
      corrected,
      shown: shownBy(corrected),
      wins: winsOf(pair, measure, evaluated),
      ...equalLength(pair, differences[i]!, evaluated),
    };
  });
}

/** Difference of the means of each task that both models have one of, in each training. */
export function differencesOf(pair: ModelPair, measure: Measure): ByTask[] {
  return inTrainings(pair, (model, baseline) => {
    const [a, b] = [taskMeans(model, measure), taskMeans(baseline, measure)];
    return new Map(
      [...a].flatMap(([task, mean]): [string, number][] =>
        b.has(task) ? [[task, mean - b.get(task)!]] : [],
      ),
    );
  });
}

/** Training by training; a model with one is the same in each. */
export function inTrainings<T>(
  { model, baseline }: ModelPair,
  of: (model: readonly EvaluationRecord[], baseline: readonly EvaluationRecord[]) => T,
): T[] {
  const count = Math.max(model.trainings.length, baseline.trainings.length);
  return Array.from({ length: count }, (_, i) =>
    of(model.trainings[i] ?? model.trainings[0]!, baseline.trainings[i] ?? baseline.trainings[0]!),
  );
}

/** Share of all pairs of answers to a task of which the model's scores higher, ties half. */
function winsOf(pair: ModelPair, measure: Measure, { clusterOf }: Evaluated): Estimate | null {
  const byTask = inTrainings(pair, (model, baseline): ByTask => {
    const [a, b] = [valuesByTask(model, measure), valuesByTask(baseline, measure)];
    return new Map(
      [...a].flatMap(([task, own]): [string, number][] => {
        const rivals = b.get(task);
        if (!rivals) return [];
        let wins = 0;
        for (const value of own) for (const rival of rivals) wins += (1 + Math.sign(value - rival)) / 2;
        return [[task, wins / (own.length * rivals.length)]];
      }),
    );
  });
  return meanOverTasks(byTask, clusterOf, SHARE);
}

/** The difference at equal length, by the mean log length of the answers to a task. */
function equalLength(
  { model, baseline }: ModelPair,
  differences: readonly ByTask[],
  { clusterOf, logLengthOf }: Evaluated,
): Pick<EvaluatedPair, 'length_controlled' | 'length_note'> {
  if (!logLengthOf) return { length_controlled: null, length_note: 'unknown' };
  if (differences.length > 1) return { length_controlled: null, length_note: 'trainings' };
  const [a, b] = [
    taskMeans(model.trainings[0]!, logLengthOf),
    taskMeans(baseline.trainings[0]!, logLengthOf),
  ];
  const known = [...differences[0]!].filter(([task]) => a.has(task) && b.has(task));
  if (known.length === 0) return { length_controlled: null, length_note: 'unknown' };
  const { estimate, note } = meanAtEqualLength(
    known.map(([task, value]) => ({ value, longer: a.get(task)! - b.get(task)! })),
    known.map(([task]) => clusterOf(task)),
    SIGNED,
  );
  return { length_controlled: estimate, length_note: note };
}
