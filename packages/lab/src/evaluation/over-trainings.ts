import type { Comparison, Estimate, ModelSummary } from '@touchstone/spec';

import { SHARE } from '../statistics/jackknife.js';
import { trainingsInterval } from '../statistics/trainings.js';
import {
  bestOfByTask,
  componentMeasure,
  componentNames,
  meanTokens,
  silentAnswers,
  type SummaryOptions,
} from './model-summary.js';
import { type ByTask, cellsOf } from './by-task.js';
import { type EvaluationRecord, type Measure, MEASURES, recordsOf, taskMeans } from './record.js';
import { silenceIn } from './silence.js';

/**
 * The figures of one model over several trainings of it, evaluated on the same tasks: the interval of each says what other seeds and other
 * tasks would give, and its n is the number of trainings.
 *
 * @param trainings records of each training.
 * @param options.bestOf k of `best_of_k`.
 * @param options.hasHeldout whether a held-out judge was asked.
 */
export function summariseTrainings(
  trainings: readonly (readonly EvaluationRecord[])[],
  { bestOf, hasHeldout = false }: SummaryOptions,
): ModelSummary {
  const over = (byTask: (records: readonly EvaluationRecord[]) => ByTask): Estimate | null =>
    trainingsInterval(cellsOf(trainings.map(byTask)), SHARE);
  const measured = (measure: Measure): Estimate | null => over((records) => taskMeans(records, measure));
  const all = trainings.flat();
  return {
    metrics: {
      ...Object.fromEntries(Object.entries(MEASURES).map(([name, measure]) => [name, measured(measure)])),
      best_of_k: over((records) => bestOfByTask(records, MEASURES.judge_score, bestOf)),
    },
    components: Object.fromEntries(
      componentNames(all).flatMap((name) => {
        const interval = measured(componentMeasure(name));
        return interval ? [[name, interval]] : [];
      }),
    ),
    mean_tokens: meanTokens(all),
    ...silentAnswers(all, hasHeldout),
  };
}

/**
 * Differences between models as `compareModels` has them, paired by training and by task, over several trainings.
 *
 * @param trainings the records of each training by the model's name; of a model that is not trained the same ones in each.
 * @param pairs `[better, baseline]`, by name.
 * @returns none for a metric that fewer than two tasks have under both models; n is the number of trainings.
 * @throws {RangeError} a pair names a model there are no records of.
 */
export function compareTrainings(
  trainings: readonly Readonly<Record<string, readonly EvaluationRecord[]>>[],
  pairs: readonly (readonly [better: string, baseline: string])[],
): Comparison[] {
  return pairs.flatMap(([better, baseline]) =>
    Object.entries(MEASURES).flatMap(([metric, measure]) => {
      const differences = trainings.map((models): ByTask => {
        const [a, b] = [better, baseline].map((name) => taskMeans(recordsOf(models, name), measure));
        return new Map(
          [...a!].flatMap(([task, mean]): [string, number][] =>
            b!.has(task) ? [[task, mean - b!.get(task)!]] : [],
          ),
        );
      });
      const difference = trainingsInterval(cellsOf(differences));
      if (!difference) return [];
      // One that is not trained has the same records in each.
      const [model, rival] = [better, baseline].map((name) => ({
        name,
        trainings: [...new Set(trainings.map((models) => recordsOf(models, name)))],
      }));
      const pair = { model: model!, baseline: rival! };
      const silence = silenceIn(pair, { name: metric, measure }, difference.mean >= 0);
      return [{ metric, better, baseline, difference, silence }];
    }),
  );
}
