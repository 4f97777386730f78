import type { Estimate, ModelSummary } from '@touchstone/spec';

import { bestOfK } from '../statistics/best-of-k.js';
import { meanInterval, shareInterval } from '../statistics/means.js';
import { groupBy, meanOf } from '../statistics/values.js';
import { type EvaluationRecord, type Measure, MEASURES, taskMeans } from './record.js';

/** How a model is summarised. */
export interface SummaryOptions {
  bestOf: number;
  hasHeldout?: boolean;
}

/**
 * The figures of one model on the held-out split. Every mean is over tasks (the samples of a task are averaged first), and
 * so is every interval.
 *
 * @param options.bestOf k of `best_of_k`.
 * @param options.hasHeldout whether a held-out judge was asked.
 */
export function summariseModel(
  records: readonly EvaluationRecord[],
  { bestOf, hasHeldout = false }: SummaryOptions,
): ModelSummary {
  return {
    metrics: {
      ...Object.fromEntries(
        Object.entries(MEASURES).map(([name, measure]) => [name, measureInterval(records, measure)]),
      ),
      best_of_k: bestOfInterval(records, MEASURES.judge_score, bestOf),
    },
    components: componentIntervals(records),
    mean_tokens: meanTokens(records),
    ...silentAnswers(records, hasHeldout),
  };
}

/** How many answers there are, and how many of them the judges have no score of. */
export function silentAnswers(
  records: readonly EvaluationRecord[],
  hasHeldout: boolean,
): Pick<ModelSummary, 'answers' | 'abstained' | 'heldout_abstained'> {
  return {
    answers: records.length,
    abstained: records.filter(({ judge }) => judge === null).length,
    heldout_abstained: hasHeldout ? records.filter(({ heldout }) => heldout === null).length : null,
  };
}

/**
 * What the best of k answers is worth, where the judge picks. With the judge's own score it only rises with k; with the
 * held-out judge's or the true score it falls where picking by this judge starts to pick its mistakes.
 *
 * @param outcome what the pick is worth.
 * @param k at most the samples a task has; tasks with fewer judged ones are left out.
 * @returns null when fewer than two tasks have k.
 */
export function bestOfInterval(
  records: readonly EvaluationRecord[],
  outcome: Measure,
  k: number,
): Estimate | null {
  return meanInterval([...bestOfByTask(records, outcome, k).values()]);
}

/** What the best of k answers is worth, by task; without tasks that have fewer judged ones. */
export function bestOfByTask(
  records: readonly EvaluationRecord[],
  outcome: Measure,
  k: number,
): Map<string, number> {
  const tasks = groupBy(
    records,
    records.map(({ taskId }) => taskId),
  );
  return new Map(
    tasks.flatMap((samples): [string, number][] => {
      const candidates = samples.flatMap((record) => {
        const worth = outcome(record);
        return record.judge === null || worth === null ? [] : [{ score: record.judge, outcome: worth }];
      });
      const best = bestOfK(candidates, k);
      return best === null ? [] : [[samples[0]!.taskId, best]];
    }),
  );
}

/** 0 where they were not counted. */
export function meanTokens(records: readonly EvaluationRecord[]): number {
  const counted = records.flatMap(({ tokens }) => tokens ?? []);
  return counted.length === 0 ? 0 : meanOf(counted);
}

function measureInterval(records: readonly EvaluationRecord[], measure: Measure): Estimate | null {
  const means = taskMeans(records, measure);
  return shareInterval([...means.values()], [...means.keys()]);
}

function componentIntervals(records: readonly EvaluationRecord[]): Record<string, Estimate> {
  return Object.fromEntries(
    componentNames(records).flatMap((name) => {
      const interval = measureInterval(records, componentMeasure(name));
      return interval ? [[name, interval]] : [];
    }),
  );
}

/** Checks and criteria that any of the answers has reached. */
export const componentNames = (records: readonly EvaluationRecord[]): string[] => [
  ...new Set(records.flatMap(({ components }) => Object.keys(components))),
];

export const componentMeasure =
  (name: string): Measure =>
  ({ components }) =>
    Object.hasOwn(components, name) ? components[name]! : null;
