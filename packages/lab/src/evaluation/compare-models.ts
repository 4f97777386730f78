import type { Comparison } from '@touchstone/spec';

import { pairedDifference } from '../statistics/means.js';
import { type EvaluationRecord, MEASURES, recordsOf, taskMeans } from './record.js';

/**
 * Paired differences between models on the same tasks: for each metric the mean over tasks of `better` minus `baseline`,
 * the samples of a task averaged first. A task that either model has no value for (abstention, no truth) is left out.
 *
 * @param models records by the model's name.
 * @param pairs `[better, baseline]`, by name.
 * @returns none for a metric that fewer than two tasks have under both models.
 * @throws {RangeError} a pair names a model there are no records of.
 */
export function compareModels(
  models: Readonly<Record<string, readonly EvaluationRecord[]>>,
  pairs: readonly (readonly [better: string, baseline: string])[],
): Comparison[] {
  return pairs.flatMap(([better, baseline]) =>
    Object.entries(MEASURES).flatMap(([metric, measure]) => {
      const [a, b] = [
        taskMeans(recordsOf(models, better), measure),
        taskMeans(recordsOf(models, baseline), measure),
      ];
      const tasks = [...a.keys()].filter((task) => b.has(task));
      const difference = pairedDifference(
        tasks.map((task) => a.get(task)!),
        tasks.map((task) => b.get(task)!),
      );
      return difference ? [{ metric, better, baseline, difference }] : [];
    }),
  );
}
