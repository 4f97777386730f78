import type { Criterion } from '@touchstone/core';
import type { AlignmentCell, Estimate } from '@touchstone/spec';

import { areaUnderCurve, attainableSpearman } from '../statistics/associations.js';
import { spearmanInterval } from '../statistics/correlation-intervals.js';
import { fisherExact } from '../statistics/hypothesis-tests.js';
import { pearson } from '../statistics/correlation.js';
import { intervalOf, type Range, SHARE, SIGNED } from '../statistics/jackknife.js';
import type { Pair } from '../statistics/pairs.js';
import {
  blocksOf,
  type CorrelationEstimate,
  simultaneousCorrelations,
} from '../statistics/simultaneous-correlations.js';
import {
  hasBoth,
  heldColumns,
  outcomeOf,
  type Pairing,
  partialOf,
  scoresFor,
  within,
} from './correlations.js';
import { byTask, fieldOf, scoreNames, type Item } from './items.js';
import { answersNeeded, designOf, marginOf, nameOf } from './naming.js';
import { loneVariants, variantLevel } from './variants.js';

/** Tasks, and answers more than columns are held constant, from which on a pilot says how many answers it takes: of fewer the range is sixfold and more. */
const LEAST_OF_PILOT = 10;
/** All names hold at once with this. */
const LEVEL = 0.95;
/** Answers of a value of a field, fewer than which are not looked at by themselves. */
const LEAST_IN_SEGMENT = 10;

type Segments = AlignmentCell['segments'];

/** A cell before it is known which criteria are redundant. */
export interface CellInput {
  pairing: Pairing;
  isBoolean: boolean;
  /** Of the judge's verdicts and of the metric; null where it is not known. */
  reliability: { judge: number | null; metric: number | null };
}

/**
 * Every criterion beside every metric that it is held against.
 *
 * @param items all of them; each cell takes those that have both.
 */
export function cellsOf(inputs: readonly CellInput[], items: readonly Item[], seed: number): AlignmentCell[] {
  const { estimates, reach } = simultaneousCorrelations(
    byTask(items),
    inputs.map(({ pairing }) => partialOf(pairing)),
    seed,
  );
  const designs = new Map(
    [...new Set(inputs.map(({ pairing }) => pairing.metric))].map((metric) => {
      const own = inputs.flatMap(({ pairing }, i) => {
        const estimate = pairing.metric === metric ? estimates[i] : null;
        if (!estimate || estimate.error === 0 || estimate.alone) return [];
        const answers = items.filter((item) => hasBoth(pairing, item));
        const freedom = freedomOf(pairing, answers);
        if (estimate.n < LEAST_OF_PILOT || freedom < LEAST_OF_PILOT) return [];
        return [{ error: estimate.error, freedom, tasks: estimate.n }];
      });
      return [metric, own.length === 0 ? null : designOf(own)] as const;
    }),
  );
  return inputs.map((input, i) =>
    cellOf(input, items, {
      partial: estimates[i]!,
      seed,
      claims: inputs.length,
      needed: (margin) => {
        const design = estimates[i]!.alone ? null : (designs.get(input.pairing.metric) ?? null);
        return design && answersNeeded(margin, { design, reach, claims: inputs.length });
      },
    }),
  );
}

/** Answers that there are more than columns are held constant, as Fisher's z counts them. */
const freedomOf = (pairing: Pairing, items: readonly Item[]): number =>
  items.length - 3 - heldColumns(pairing, items);

function cellOf(
  { pairing, isBoolean, reliability }: CellInput,
  items: readonly Item[],
  {
    partial,
    seed,
    claims,
    needed,
  }: {
    partial: CorrelationEstimate | null;
    seed: number;
    /** Cells in all. */
    claims: number;
    needed: (margin: NonNullable<AlignmentCell['margin']>) => AlignmentCell['answers_needed'];
  },
): AlignmentCell {
  const { criterion, metric } = pairing;
  const usable = items.filter((item) => hasBoth(pairing, item));
  const tasks = byTask(usable);
  const blocks = blocksOf(tasks, seed).map((answers) => answers.map((item) => pairOf(pairing, item)));
  const overBlocks = (of: (pairs: readonly Pair[]) => number | null, range: Range): Estimate | null =>
    overTasks(
      intervalOf(blocks, (some) => of(some.flat()), range),
      tasks.length,
    );
  const [scores, outcomes] = [scoresFor(criterion, usable), usable.map((item) => outcomeOf(pairing, item))];
  const attainable = usable.length === 0 ? null : attainableSpearman(scores, outcomes);
  const margin = attainable && marginOf(attainable);
  const known = nameOf(partial, margin);
  const chance = known === 'useful' || known === 'harmful' ? chanceOf(scores, outcomes, claims) : null;
  const name = chance === null ? known : 'not known yet';
  const spearman = usable.length === 0 ? null : overTasks(spearmanInterval(blocks), tasks.length);
  const segments = segmentsOf(pairing, usable, seed);
  const variants = variantLevel(usable, pairing, seed);
  const cell = {
    criterion,
    metric,
    answers: usable.length,
    tasks: tasks.length,
    name,
    redundant_with: [],
    spearman,
    partial: partial && estimateOf(partial),
    margin,
    point_biserial: isBoolean ? overBlocks(pearson, SIGNED) : null,
    area_under_curve: isBoolean ? overBlocks(areaOf, SHARE) : null,
    disattenuated: disattenuated(spearman, reliability),
    segments,
    variants,
    answers_needed: name === 'not known yet' && partial && margin ? needed(margin) : null,
  };
  return {
    ...cell,
    notes: notesOf(cell, pairing, {
      scores,
      outcomes,
      lone: loneVariants(usable, pairing),
      few: chance ?? (name === 'not known yet' ? tooFew(partial, freedomOf(pairing, usable), pairing) : null),
    }),
  };
}

/**
 * Why two sides that each have two values may go together by chance; null where that is not so. Of rare ones a correlation looks surer than it
 * is: where no rare outcome meets a rare verdict, nothing varies.
 */
function chanceOf(scores: readonly number[], outcomes: readonly number[], claims: number): string | null {
  if (new Set(scores).size !== 2 || new Set(outcomes).size !== 2) return null;
  const p = fisherExact(
    scores.map((score) => score === scores[0]),
    outcomes.map((outcome) => outcome === outcomes[0]),
  );
  return p * claims <= 1 - LEVEL
    ? null
    : `too few answers of the rarer verdict or outcome: chance alone brings as much with p = ${p.toPrecision(2)} (Fisher's exact test, ${claims} of them)`;
}

/** Of blocks of tasks: n is the number of tasks all the same. */
const overTasks = (estimate: Estimate | null, n: number): Estimate | null => estimate && { ...estimate, n };

const pairOf = (pairing: Pairing, item: Item): Pair => [
  item.scores.get(pairing.criterion)!,
  outcomeOf(pairing, item),
];

/** The outcome with its direction is its higher value: success. */
function areaOf(pairs: readonly Pair[]): number | null {
  const best = pairs.reduce((most, [, outcome]) => Math.max(most, outcome), -Infinity);
  const worst = pairs.reduce((least, [, outcome]) => Math.min(least, outcome), Infinity);
  if (best === worst) return null;
  return areaUnderCurve(
    pairs.map(([score]) => score),
    pairs.map(([, outcome]) => outcome === best),
  );
}

const estimateOf = ({ mean, low, high, n }: Estimate): Estimate => ({ mean, low, high, n });

/**
 * What the correlation would be without noise: ρ over the root of the product of the reliabilities (Spearman 1904). These are taken as known. With
 * one alone, without the noise of that side.
 */
function disattenuated(
  spearman: Estimate | null,
  { judge, metric }: CellInput['reliability'],
): AlignmentCell['disattenuated'] {
  const product = (judge ?? 1) * (metric ?? 1);
  if (!spearman || (judge === null && metric === null) || !(product > 0)) return null;
  const of = (value: number): number => value / Math.sqrt(product);
  const within1 = (value: number): number => Math.max(-1, Math.min(1, value));
  const mean = of(spearman.mean);
  return {
    mean: within1(mean),
    low: within1(of(spearman.low)),
    high: within1(of(spearman.high)),
    n: spearman.n,
    capped: Math.abs(mean) > 1,
  };
}

function segmentsOf(pairing: Pairing, items: readonly Item[], seed: number): Segments {
  return pairing.given.flatMap((field) => {
    const counts = new Map<string, number>();
    for (const item of items) counts.set(fieldOf(item, field), (counts.get(fieldOf(item, field)) ?? 0) + 1);
    const values = [...counts].flatMap(([value, count]) => (count >= LEAST_IN_SEGMENT ? [value] : []));
    if (values.length < 2) return [];
    const { estimates } = simultaneousCorrelations(
      byTask(items),
      values.map((value) => within(pairing, field, value)),
      seed,
    );
    return values.flatMap((value, i) =>
      estimates[i] ? [{ field, value, spearman: estimateOf(estimates[i]) }] : [],
    );
  });
}

/** Whether an interval is above 0, below it, or neither. */
const side = (estimate: Estimate | null | undefined): -1 | 0 | 1 => {
  if (!estimate) return 0;
  if (estimate.low > 0) return 1;
  return estimate.high < 0 ? -1 : 0;
};

const heldText = ({ given }: Pairing): string => ['the length of the answer', ...given].join(', ');

/** Why what was seen says neither what the criterion is nor how many answers it takes; null where it does. */
function tooFew(partial: CorrelationEstimate | null, freedom: number, pairing: Pairing): string | null {
  if (!partial) return null;
  const atLeast = `: expected at least ${LEAST_OF_PILOT}, to say how many it takes`;
  if (partial.n < LEAST_OF_PILOT) return `too few tasks (${partial.n})${atLeast}`;
  if (freedom < LEAST_OF_PILOT)
    return `too few answers for what is held constant (${heldText(pairing)}), which leaves ${Math.max(0, freedom)} of them free${atLeast}`;
  return partial.alone
    ? 'too few tasks: a single one of them makes nearly all of how unsure it is, and how many it takes is not known'
    : null;
}

function notesOf(
  cell: Omit<AlignmentCell, 'notes'>,
  pairing: Pairing,
  {
    scores,
    outcomes,
    lone,
    few,
  }: { scores: number[]; outcomes: number[]; lone: string[]; few: string | null },
): string[] {
  const { given } = pairing;
  const held = heldText(pairing);
  const constant = (values: readonly number[]): boolean => values.every((value) => value === values[0]);
  const notes: string[] = [];
  if (cell.answers === 0) notes.push('no answer has both a verdict and an outcome');
  else if (constant(scores))
    notes.push('the judge says the same of every answer: such answers show nothing, however many');
  else if (constant(outcomes))
    notes.push('the outcome is the same everywhere: such answers show nothing, however many');
  else if (!cell.partial)
    notes.push(`too few answers, or nothing left to compare with ${held} held constant`);
  const [raw, partial] = [side(cell.spearman), side(cell.partial)];
  if (raw !== 0 && partial === -raw)
    notes.push(`Simpson's paradox: over all answers the other way round than with ${held} held constant`);
  else if (few !== null) notes.push(few);
  else if (raw !== 0 && partial === 0 && cell.partial)
    notes.push(`what it has in common with the metric is not shown to be more than ${held}`);
  for (const field of given) {
    const own = cell.segments.filter((segment) => segment.field === field);
    const [up, down] = [1, -1].map((way) => own.filter(({ spearman }) => side(spearman) === way));
    const values = (some: typeof own | undefined): string =>
      (some ?? []).map(({ value }) => value).join(', ');
    if (up!.length > 0 && down!.length > 0)
      notes.push(`${field}: it goes with the metric in ${values(up)}, and against it in ${values(down)}`);
    else if (cell.name === 'useful' && down!.length > 0)
      notes.push(`${field}: it goes against the metric in ${values(down)}`);
  }
  if (cell.disattenuated?.capped === true)
    notes.push(
      'without noise it comes to more than 1: a reliability is higher than it was measured or said to be',
    );
  if (cell.variants && cell.name === 'useful' && (cell.variants.agreement?.high ?? 1) < 0.5)
    notes.push('between variants it moves against the metric');
  if (lone.length > 0)
    notes.push(`variants with an outcome in a single task are left out between variants: ${lone.join(', ')}`);
  return notes;
}

/** The criteria that a metric is held against. */
export const criteriaFor = (
  named: readonly string[] | undefined,
  criteria: readonly Criterion[],
): readonly string[] => named ?? scoreNames(criteria);
