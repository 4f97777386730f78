import { type Estimate, largest, random } from '@touchstone/spec';

import { ranksWithout } from './correlation-intervals.js';
import { t95 } from './distributions.js';
import { scoreInterval, SIGNED } from './jackknife.js';
import { simultaneousReach } from './several.js';
import { meanOf, sumOf } from './values.js';

/** More tasks than this are put together in blocks: leaving each out in turn would cost more than it shows. */
const MOST_BLOCKS = 100;
/** With more than this share of its error by one block, a correlation is none of the family: half as much cost simulated rare outcomes false names. */
const ALONE = 0.9;
/** artanh of ±1 is infinite. */
const NEARLY_ONE = 1 - 1e-12;

/** A correlation, and of which items it is. */
export interface CorrelationOf<T> {
  uses(item: T): boolean;
  /** What is read of the items, a value an item: columns that count by their ranks, and columns that count as they are. */
  read(items: readonly T[]): { ranked: number[][]; plain: number[][] };
  /** Of the same columns, ranks in place of what is ranked, of all items or some. −1 to 1; null where it is undefined. */
  of(ranked: readonly number[][], plain: readonly number[][]): number | null;
}

/** Intervals of several correlations that hold all at once. */
export interface SimultaneousCorrelations {
  /** In the order of the correlations; n is the number of tasks with items that are used. */
  estimates: (CorrelationEstimate | null)[];
  /** Standard errors that each interval reaches on Fisher's scale, for as many blocks as there are at most. */
  reach: number;
}

export interface CorrelationEstimate extends Estimate {
  /** Standard error on Fisher's scale, artanh ρ. */
  error: number;
  /** A single task (block) makes more than 0.9 of the error's square: what it is, the others do not say. */
  alone: boolean;
}

/**
 * Intervals of several correlations over the same tasks, 95 % for all of them together: on Fisher's scale, with the jackknife's standard errors
 * over tasks (blocks of tasks, where there are many) and the largest |t| of any, by a bootstrap of the tasks (`simultaneousReach`). Some may
 * have no item in most tasks. A correlation that one task decides alone does not widen the intervals of the others: its own t has no bound that a
 * bootstrap could find, and its own interval is that of all.
 *
 * @param tasks the items of each; tasks were drawn independently.
 * @param seed of the blocks and of the bootstrap.
 * @returns an estimate is null where fewer than three tasks have items, or the correlation is undefined, for all or without some task.
 */
export function simultaneousCorrelations<T>(
  tasks: readonly (readonly T[])[],
  correlations: readonly CorrelationOf<T>[],
  seed: number,
): SimultaneousCorrelations {
  const blocks = blocksOf(tasks, seed);
  const found = correlations.map((one) => influencesOf(tasks, blocks, one));
  const reachOf = (some: typeof found): number => {
    const columns = some.flatMap((one) => (one && one.error > 0 ? [one.column] : []));
    return columns.length === 0 ? t95(Math.max(1, blocks.length - 1)) : simultaneousReach(columns, seed);
  };
  const shared = found.filter((one) => one?.alone !== true);
  const reach = reachOf(shared);
  const widest = shared.length === found.length ? reach : Math.max(reach, reachOf(found));
  const estimates = found.map((one): CorrelationEstimate | null => {
    if (!one) return null;
    const { estimate: mean, error, used, n, alone } = one;
    // Nothing varied: a share of the tasks that was not seen may be otherwise.
    if (error === 0) return { ...scoreInterval({ estimate: mean, error, n }, SIGNED), error, alone };
    const half = ((alone ? widest : reach) / t95(blocks.length - 1)) * t95(used - 1) * error;
    const z = fisher(mean);
    return { mean, low: Math.tanh(z - half), high: Math.tanh(z + half), n, error, alone };
  });
  return { estimates, reach };
}

/** The items of tasks, of many tasks some put together: at most 100 lists. @param seed of which. */
export function blocksOf<T>(tasks: readonly (readonly T[])[], seed: number): T[][] {
  const shuffled = tasks.length > MOST_BLOCKS ? random(seed, 'blocks').shuffle(tasks) : tasks;
  const blocks = Array.from({ length: Math.min(MOST_BLOCKS, tasks.length) }, (): T[] => []);
  shuffled.forEach((items, place) => {
    const block = blocks[place % blocks.length]!;
    for (const item of items) block.push(item);
  });
  return blocks;
}

/** A correlation's standard error, and what each block adds to it; blocks without an item that is used add nothing. */
function influencesOf<T>(
  tasks: readonly (readonly T[])[],
  blocks: readonly (readonly T[])[],
  { uses, read, of }: CorrelationOf<T>,
): { estimate: number; error: number; column: number[]; used: number; n: number; alone: boolean } | null {
  const own = blocks.map((items) => items.filter(uses));
  const used = own.filter(({ length }) => length > 0).length;
  if (used < 3) return null;
  const blockOf = own.flatMap((items, block) => items.map(() => block));
  const { ranked, plain } = read(own.flat());
  const ranksOf = ranked.map((column) => ranksWithout(column, blockOf));
  const leavingOut = (block: number): number | null =>
    of(
      ranksOf.map((ranks) => ranks(block)),
      plain.map((column) => column.filter((_, i) => blockOf[i] !== block)),
    );
  const estimate = leavingOut(-1);
  if (estimate === null) return null;
  const without: (number | null)[] = [];
  for (const [block, items] of own.entries()) {
    const left = items.length === 0 ? null : leavingOut(block);
    if (items.length > 0 && left === null) return null;
    without.push(left === null ? null : fisher(left));
  }
  const mean = meanOf(without.flatMap((value) => value ?? []));
  const influences = without.map((value) => (value === null ? 0 : (used - 1) * (mean - value)));
  const squares = influences.map((one) => one ** 2);
  const error = Math.sqrt(sumOf(squares) / used / (used - 1));
  return {
    estimate,
    error: error < 1e-9 * (1 + Math.abs(fisher(estimate))) ? 0 : error,
    column: influences.map((one) => (blocks.length / used) * one),
    used,
    n: tasks.filter((items) => items.some(uses)).length,
    alone: error > 0 && largest(squares) > ALONE * sumOf(squares),
  };
}

const fisher = (correlation: number): number =>
  Math.atanh(Math.max(-NEARLY_ONE, Math.min(NEARLY_ONE, correlation)));
