import type { Criterion } from '@touchstone/core';
import type { AlignmentCell, AlignmentSummary, Estimate } from '@touchstone/spec';

import { clusteredMeanInterval } from '../statistics/means.js';
import { SHARE, UNBOUNDED } from '../statistics/jackknife.js';
import { iccInterval } from '../statistics/reliability-intervals.js';
import { simultaneousCorrelations } from '../statistics/simultaneous-correlations.js';
import { groupBy } from '../statistics/values.js';
import { WHOLE } from '../validation/readings.js';
import { cellsOf, criteriaFor, type CellInput } from './cells.js';
import { betweenCriteria } from './correlations.js';
import { cutoffOf } from './cutoff.js';
import { byTask, scoreNames, type Item } from './items.js';
import type { MetricsConfig } from './metrics-schema.js';
import { inflationOf, overallName, redundant } from './naming.js';

/** Verdicts that were given several times: by criterion, of each task the scores of each answer. */
export type Repeats = ReadonlyMap<string, readonly (readonly (readonly number[])[])[]>;

export interface AlignmentInput {
  items: readonly Item[];
  criteria: readonly Criterion[];
  metrics: MetricsConfig;
  /** Metrics whose outcomes are true and false. */
  booleans: ReadonlySet<string>;
  /** What each metric holds constant beside the length. */
  given: ReadonlyMap<string, readonly string[]>;
  repeats: Repeats;
  /** Of blocks and bootstraps. */
  seed: number;
}

export type Measured = Pick<
  AlignmentSummary,
  | 'criteria'
  | 'metrics'
  | 'cells'
  | 'pairs'
  | 'variants'
  | 'answers_needed'
  | 'answers_needed_range'
  | 'warnings'
>;

/** Answers without a verdict beyond this share are worth a word. */
const MANY_SILENT = 0.05;

/**
 * How far criteria go with metrics, and what each criterion is called for it: useful, redundant, useless, harmful or not known yet. Names are made
 * of partial rank correlations whose intervals hold for all of them at once, so that none is right by chance in 95 of 100 maps.
 */
export function measureAlignment(input: AlignmentInput): Measured {
  const { items, criteria, metrics, repeats, seed } = input;
  const reliabilities = new Map([...repeats].map(([name, ratings]) => [name, reliabilityOf(ratings)]));
  const cells = cellsOf(cellInputs(input, reliabilities), items, seed);
  const names = scoreNames(criteria).filter((name) => name !== WHOLE);
  const couples = names.flatMap((first, i) => names.slice(i + 1).map((second) => ({ first, second })));
  const { estimates } = simultaneousCorrelations(
    byTask(items),
    couples.map(({ first, second }) => betweenCriteria(first, second)),
    seed,
  );
  const pairs = couples.map((couple, i) => ({ ...couple, spearman: plain(estimates[i] ?? null) }));
  const named = withRedundant(cells, pairs, items);
  const all = [...new Set(named.map(({ criterion }) => criterion))];
  const needed = named
    .flatMap(({ answers_needed: one }) => (one ? [one] : []))
    .reduce<AlignmentCell['answers_needed']>(
      (most, one) => (most && most.useless >= one.useless ? most : one),
      null,
    );
  return {
    criteria: [...names, WHOLE]
      .filter((name) => all.includes(name))
      .map((criterion) => ({
        criterion,
        name: overallName(named.flatMap((cell) => (cell.criterion === criterion ? [cell.name] : []))),
        mean: meanOfScores(criterion, items),
        reliability: reliabilities.get(criterion) ?? null,
        inflation:
          criterion === WHOLE
            ? null
            : inflationOf(
                criterion,
                names.filter((name) => name !== criterion),
                items,
              ),
      })),
    metrics: Object.entries(metrics).map(([metric, config]) => metricOf(metric, config, input)),
    cells: named,
    pairs,
    variants: variantMeans(items, all, Object.keys(metrics)),
    answers_needed: needed && Math.max(needed.useful, needed.useless),
    answers_needed_range: needed && { low: needed.useless_low, high: needed.useless_high },
    warnings: warningsOf(input),
  };
}

function cellInputs(
  { criteria, metrics, booleans, given }: AlignmentInput,
  reliabilities: ReadonlyMap<string, Estimate | null>,
): CellInput[] {
  return Object.entries(metrics).flatMap(([metric, { criteria: named, direction, reliability = null }]) =>
    criteriaFor(named, criteria).map((criterion) => ({
      pairing: { criterion, metric, direction, given: given.get(metric) ?? [] },
      isBoolean: booleans.has(metric),
      reliability: { judge: reliabilities.get(criterion)?.mean ?? null, metric: reliability },
    })),
  );
}

const reliabilityOf = (ratings: readonly (readonly (readonly number[])[])[]): Estimate | null => {
  const found = iccInterval(ratings);
  return found && plain(found);
};

const plain = (estimate: Estimate | null): Estimate | null =>
  estimate && { mean: estimate.mean, low: estimate.low, high: estimate.high, n: estimate.n };

/** The score of the whole is made of the criteria: it is redundant with none. */
function withRedundant(
  cells: readonly AlignmentCell[],
  pairs: AlignmentSummary['pairs'],
  items: readonly Item[],
): AlignmentCell[] {
  const correlationOf = (first: string, second: string): Estimate | null =>
    pairs.find(
      (pair) =>
        (pair.first === first && pair.second === second) || (pair.first === second && pair.second === first),
    )?.spearman ?? null;
  const found = new Map(
    [...new Set(cells.map(({ metric }) => metric))].map((metric) => {
      const named = cells.flatMap(({ criterion, name, partial, metric: of }) =>
        of === metric && criterion !== WHOLE ? [{ criterion, name, partial: partial?.mean ?? null }] : [],
      );
      return [metric, redundant(named, items, correlationOf)] as const;
    }),
  );
  return cells.map((cell) => {
    const others = cell.criterion === WHOLE ? undefined : found.get(cell.metric)?.get(cell.criterion);
    return others === undefined
      ? cell
      : { ...cell, name: 'redundant', redundant_with: others, answers_needed: null };
  });
}

const meanOfScores = (criterion: string, items: readonly Item[]): Estimate | null => {
  const judged = items.filter(({ scores }) => scores.has(criterion));
  return clusteredMeanInterval(
    judged.map(({ scores }) => scores.get(criterion)!),
    judged.map(({ task }) => task),
    SHARE,
  );
};

const meanOfOutcomes = (metric: string, items: readonly Item[]): Estimate | null => {
  const known = items.filter(({ outcomes }) => outcomes.has(metric));
  return clusteredMeanInterval(
    known.map(({ outcomes }) => outcomes.get(metric)!),
    known.map(({ task }) => task),
    UNBOUNDED,
  );
};

function metricOf(
  metric: string,
  config: MetricsConfig[string],
  { items, booleans, given }: AlignmentInput,
): AlignmentSummary['metrics'][number] {
  const { direction, threshold = null, owner = null, lag = null, reliability = null } = config;
  const isBoolean = booleans.has(metric);
  return {
    metric,
    direction,
    is_boolean: isBoolean,
    threshold,
    owner,
    lag,
    reliability,
    given: [...(given.get(metric) ?? [])],
    answers: items.filter(({ outcomes }) => outcomes.has(metric)).length,
    mean: meanOfOutcomes(metric, items),
    cutoff: cutoffOf(metric, config, isBoolean, items),
  };
}

function variantMeans(
  items: readonly Item[],
  criteria: readonly string[],
  metrics: readonly string[],
): AlignmentSummary['variants'] {
  const named = items.filter(({ variant }) => variant !== null);
  return groupBy(
    named,
    named.map(({ variant }) => variant!),
  ).map((own) => ({
    variant: own[0]!.variant!,
    answers: own.length,
    tasks: byTask(own).length,
    criteria: Object.fromEntries(criteria.map((name) => [name, meanOfScores(name, own)])),
    metrics: Object.fromEntries(metrics.map((name) => [name, meanOfOutcomes(name, own)])),
  }));
}

function warningsOf({ items, metrics }: AlignmentInput): string[] {
  const warnings: string[] = [];
  const silent = items.filter(({ scores }) => scores.size === 0).length;
  if (silent > MANY_SILENT * items.length)
    warnings.push(
      `${silent} of ${items.length} answers have no verdict: what is said is about the others, which may be otherwise`,
    );
  for (const metric of Object.keys(metrics)) {
    const known = items.filter(({ outcomes }) => outcomes.has(metric)).length;
    if (known < items.length / 2)
      warnings.push(
        `${metric}: ${known} of ${items.length} answers have it: what is said is about these, which may be no fair sample`,
      );
  }
  return warnings;
}
