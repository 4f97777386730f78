import type { AlignmentCutoff, Estimate } from '@touchstone/spec';

import { normalQuantile } from '../statistics/distributions.js';
import { shareInterval } from '../statistics/means.js';
import { quantile } from '../statistics/values.js';
import { WHOLE } from '../validation/readings.js';
import { type Item } from './items.js';
import type { MetricConfig } from './metrics-schema.js';

/** Scores that are tried, at most: each one more makes the bound of all of them wider. */
const TRIED = 10;

/** Whether a case was a success; null where the metric says nothing of the kind. */
export function successOf(
  { direction, threshold }: Pick<MetricConfig, 'direction' | 'threshold'>,
  isBoolean: boolean,
  outcome: number,
): boolean | null {
  if (isBoolean) return (outcome === 1) === (direction === 'higher');
  if (threshold === undefined) return null;
  return direction === 'higher' ? outcome >= threshold : outcome <= threshold;
}

/**
 * From which score of the judge on enough answers succeed: the lowest of ten scores, spread over those that there are, at which the lower end of
 * P(success | pass) is at least the target. The bound is Wilson's, of as many cases as the tasks are worth, and holds for all that were tried.
 *
 * @returns null where the metric has no successes by its configuration, or fewer than two tasks have any.
 */
export function cutoffOf(
  metric: string,
  config: MetricConfig,
  isBoolean: boolean,
  items: readonly Item[],
): AlignmentCutoff | null {
  const cases = items.flatMap((item) => {
    const [score, outcome] = [item.scores.get(WHOLE), item.outcomes.get(metric)];
    if (score === undefined || outcome === undefined) return [];
    const success = successOf(config, isBoolean, outcome);
    return success === null ? [] : [{ score, success, task: item.task }];
  });
  const shareOf = (some: typeof cases): Estimate | null =>
    shareInterval(
      some.map(({ success }) => Number(success)),
      some.map(({ task }) => task),
    );
  const baseRate = shareOf(cases);
  if (!baseRate) return null;
  const scores = cases.map(({ score }) => score).sort((a, b) => a - b);
  const tried = [
    ...new Set(
      Array.from({ length: TRIED }, (_, i) => quantile(scores, i / TRIED)).map((wanted) =>
        scores.find((score) => score >= wanted)!,
      ),
    ),
  ];
  const { target } = config;
  const none = { target, score: null, precision: null, sensitivity: null, base_rate: baseRate };
  for (const score of tried) {
    const passed = cases.filter((one) => one.score >= score);
    const precision = boundedShare(shareOf(passed), passed.length, tried.length);
    if (!precision || precision.low < target) continue;
    const successes = cases.filter(({ success }) => success);
    const sensitivity = shareInterval(
      successes.map((one) => Number(one.score >= score)),
      successes.map(({ task }) => task),
    );
    return { target, score, precision, sensitivity, base_rate: baseRate };
  }
  return none;
}

/** A share with a lower end that holds for several at once (Bonferroni). @param share of clusters: its width says what the cases are worth. */
function boundedShare(share: Estimate | null, cases: number, several: number): Estimate | null {
  if (!share) return null;
  const { mean, low, n } = share;
  const z = normalQuantile(1 - 0.025 / several);
  // As many independent cases as give the clustered interval its lower end.
  const worth = Math.min(cases, effectiveCases(mean, low) ?? n);
  const bound = lowerWilson(mean, worth, z);
  return { ...share, low: Math.min(low, bound) };
}

/** n of a Wilson interval of 95 % with this mean and lower end; null where they are one. */
function effectiveCases(mean: number, low: number): number | null {
  const z = normalQuantile(0.975);
  return mean > low ? (z * z * low * (1 - low)) / (mean - low) ** 2 : null;
}

/** Lower end of Wilson's interval of so many standard errors, of a share of n cases, whole or not. */
function lowerWilson(mean: number, n: number, z: number): number {
  const pull = (z * z) / n;
  return (mean + pull / 2 - z * Math.sqrt((mean * (1 - mean)) / n + pull / (4 * n))) / (1 + pull);
}
