import { type AlignmentCell, type Estimate, random } from '@touchstone/spec';

import { tauOfCounts } from '../statistics/correlation.js';
import type { Pair } from '../statistics/pairs.js';
import { groupBy, meanOf, quantile } from '../statistics/values.js';
import { hasBoth, outcomeOf, type Pairing } from './correlations.js';
import { byTask, type Item } from './items.js';

const RESAMPLES = 1000;
/** Fewer variants are taken as they are: drawn again, most draws would hold one of them alone. */
const FEW_VARIANTS = 4;
/** A variant with fewer tasks has a mean of unknown error, and is left out. */
const LEAST_TASKS = 2;

type VariantLevel = NonNullable<AlignmentCell['variants']>;
/** Of one task of a variant: sums of verdicts and outcomes, and of how many answers. */
type Unit = readonly [verdicts: number, outcomes: number, answers: number];

/**
 * Whether criterion and metric move together from variant to variant: Kendall's τ of the means, and for each pair of variants whether both rise
 * or fall. The intervals are percentiles of a hierarchical bootstrap, which draws variants and then tasks in each.
 *
 * @returns null for fewer than two variants with two tasks.
 */
export function variantLevel(items: readonly Item[], pairing: Pairing, seed: number): VariantLevel | null {
  const variants = variantsOf(items, pairing);
  if (variants.length < 2) return null;
  const few = variants.length < FEW_VARIANTS;
  const places = variants.map((_, i) => i);
  const seen = movements(variants.map(means), places);
  const draw = random(seed, 'variants', pairing.criterion, pairing.metric);
  const taus: number[] = [];
  const agreements: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    const drawn = few ? places : places.map(() => draw.integer(variants.length));
    const again = drawn.map((place) => {
      const tasks = variants[place]!;
      return means(tasks.map(() => tasks[draw.integer(tasks.length)]!));
    });
    const { tau, agreement } = movements(again, drawn);
    if (tau !== null) taus.push(tau);
    if (agreement !== null) agreements.push(agreement);
  }
  return {
    variants: variants.length,
    tau: few ? null : percentiles(seen.tau, taus, variants.length),
    agreement: percentiles(seen.agreement, agreements, variants.length),
    over: few ? 'answers' : 'variants and answers',
  };
}

/** Variants that are left out because they have an outcome in one task alone. */
export function loneVariants(items: readonly Item[], pairing: Pairing): string[] {
  const usable = items.filter((item) => item.variant !== null && hasBoth(pairing, item));
  return grouped(usable).flatMap((group) => (byTask(group).length < LEAST_TASKS ? [group[0]!.variant!] : []));
}

const grouped = (items: readonly Item[]): Item[][] =>
  groupBy(
    items,
    items.map(({ variant }) => variant!),
  );

function variantsOf(items: readonly Item[], pairing: Pairing): Unit[][] {
  const usable = items.filter((item) => item.variant !== null && hasBoth(pairing, item));
  return grouped(usable)
    .map((group) =>
      byTask(group).map((answers): Unit => {
        let [verdicts, outcomes] = [0, 0];
        for (const item of answers) {
          verdicts += item.scores.get(pairing.criterion)!;
          outcomes += outcomeOf(pairing, item);
        }
        return [verdicts, outcomes, answers.length];
      }),
    )
    .filter(({ length }) => length >= LEAST_TASKS);
}

function means(tasks: readonly Unit[]): Pair {
  let [verdicts, outcomes, answers] = [0, 0, 0];
  for (const task of tasks) {
    verdicts += task[0];
    outcomes += task[1];
    answers += task[2];
  }
  return [verdicts / answers, outcomes / answers];
}

/** @param places which variant each mean is of: two draws of one are no change. */
function movements(
  all: readonly Pair[],
  places: readonly number[],
): { tau: number | null; agreement: number | null } {
  const [counts, agree]: [number[], number[]] = [[0, 0, 0], []];
  for (let i = 1; i < all.length; i++) {
    for (let j = 0; j < i; j++) {
      if (places[i] === places[j]) continue;
      const judge = Math.sign(all[i]![0] - all[j]![0]);
      const metric = Math.sign(all[i]![1] - all[j]![1]);
      counts[0]! += judge * metric;
      counts[1]! += Math.abs(judge);
      counts[2]! += Math.abs(metric);
      if (metric !== 0) agree.push((1 + judge * metric) / 2);
    }
  }
  return { tau: tauOfCounts(counts), agreement: agree.length === 0 ? null : meanOf(agree) };
}

/** Null where most draws have none. */
function percentiles(mean: number | null, drawn: number[], n: number): Estimate | null {
  if (mean === null || drawn.length < RESAMPLES / 2) return null;
  drawn.sort((a, b) => a - b);
  const [low, high] = [quantile(drawn, 0.025), quantile(drawn, 0.975)];
  return { mean, low: Math.min(low, mean), high: Math.max(high, mean), n };
}
