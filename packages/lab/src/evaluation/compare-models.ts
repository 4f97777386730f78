import type { Comparison } from '@touchstone/spec';

import { pairedDifference } from '../statistics/means.js';
import { type EvaluationRecord, MEASURES, recordsOf, taskMeans } from './record.js';
import { silenceIn } from './silence.js';

/**
 * Paired differences between models on the same tasks: for each metric the mean over tasks of `better` minus `baseline`,
 * the samples of a task averaged first. A task that either model has no value for (abstention, no truth) is left out, and what the answers
 * without a score could make of the difference stands beside it.
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
      const pair = {
        model: { name: better, trainings: [recordsOf(models, better)] },
        baseline: { name: baseline, trainings: [recordsOf(models, baseline)] },
      };
      const [a, b] = [
        taskMeans(pair.model.trainings[0]!, measure),
        taskMeans(pair.baseline.trainings[0]!, measure),
      ];
      const tasks = [...a.keys()].filter((task) => b.has(task));
      const difference = pairedDifference(
        tasks.map((task) => a.get(task)!),
        tasks.map((task) => b.get(task)!),
      );
      if (!difference) return [];
      const silence = silenceIn(pair, { name: metric, measure }, difference.mean >= 0);
      return [{ metric, better, baseline, difference, silence }];
    }),
  );
}
