import { type Criterion, scaleRange, VARIANT_NAMES, type VariantName } from '@touchstone/core';
import type { Estimate } from '@touchstone/spec';

import { passes } from '../../pass.js';
import { SIGNED } from '../../statistics/jackknife.js';
import { clusteredMeanInterval, shareInterval } from '../../statistics/means.js';
import { groupBy } from '../../statistics/values.js';
import { chanceTwoDiffer, type Part, saidIn } from '../cells.js';
import type { AskedVariant, Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';

/** How a variant is asked, and why there may be none. */
const WAYS: Record<VariantName, { asked: string; none: string }> = {
  'criteria-reversed': {
    asked: 'asked for its criteria in the reverse order',
    none: 'no prompt of the judge lists several criteria that could be listed in another order',
  },
  reworded: {
    asked: 'asked in other words around those of the configuration',
    none: 'the judge is asked in the user’s own words only',
  },
  'other-scale': {
    asked: 'asked for scores on a scale of ten times the numbers, or a tenth of them',
    none: 'no criterion is graded on a scale that can be another, or the user’s own words name its numbers',
  },
};

/** What the judge says of one thing, and what it says when it is asked in another way. */
export interface VariantCell {
  /** Of the answer. */
  place: number;
  task: string;
  criterion: string;
  judge: Part;
  variant: Part;
  /** Whether pass or fail is another. */
  differs: boolean;
  /** Chance that two repeats differ in it; null where there is one. */
  own: number | null;
}

/**
 * Most of one criterion's verdicts that may go by its place. With one verdict on each of 40 tasks up to 7 may differ. A judge whose
 * verdicts flip 5 in 100 times by themselves has more in less than 1 of 1,000 examinations; one that gives a criterion the verdict
 * of another has as few in less than 1 of 10,000, if half of the answers meet only one of the two (binomial).
 */
const MOST_BY_PLACE = 0.35;

/**
 * Does the judge say the same when it is asked another way? What it says then beside what it says at the first time, in pass or
 * fail. A judge that says one thing now and another then flips here too: `variant_excess` takes off what repeats of the same
 * question do to the same criteria of the same answers.
 *
 * The order of criteria is gated: of one criterion of many that goes by its place, labels of all of them show little, and where it
 * is not labelled nothing. Words and scales are not: labels show what the judge is worth with its own, and on those good ones
 * depend too.
 */
export function variants(evidence: Evidence): Finding[] {
  return [orderOfCriteria(evidence), ...VARIANT_NAMES.flatMap((name) => inOneWay(evidence, name))];
}

function inOneWay(evidence: Evidence, name: VariantName): Finding[] {
  const { asked } = WAYS[name];
  const { cells, ...common } = askedSo(evidence, name);
  const repeated = cells.filter(({ own }) => own !== null);
  return [
    {
      name: `variant_flips.${name}`,
      description: `Share of verdicts that differ in pass or fail when the judge is ${asked}.`,
      estimate: flips(cells, evidence),
      ...common,
    },
    {
      name: `variant_excess.${name}`,
      description: 'The same less the chance that two repeats of one question differ, on the same verdicts.',
      estimate: clusteredMeanInterval(
        repeated.map(({ differs, own }) => Number(differs) - own!),
        repeated.map(({ task }) => task),
        SIGNED,
        evidence.weights,
      ),
      ...common,
    },
  ];
}

function orderOfCriteria(evidence: Evidence): Finding {
  const { cells, absent, note } = askedSo(evidence, 'criteria-reversed');
  const criteria = groupBy(
    cells,
    cells.map(({ criterion }) => criterion),
  ).flatMap((own) => {
    const estimate = flips(own, evidence);
    return estimate ? [{ criterion: own[0]!.criterion, estimate }] : [];
  });
  const most = criteria.sort((a, b) => b.estimate.mean - a.estimate.mean)[0];
  return {
    name: 'criteria_order',
    description:
      'Of the criterion that goes by its place most: share of its verdicts that differ in pass or fail when the criteria are asked for in the reverse order.',
    estimate: most?.estimate ?? null,
    gate: { max: MOST_BY_PLACE },
    absent,
    note: most && most.estimate.mean > 0 ? `most of all ${most.criterion}` : note,
  };
}

/** What is known of a judge that is asked so. */
function askedSo(
  evidence: Evidence,
  name: VariantName,
): { cells: VariantCell[] } & Pick<Finding, 'absent' | 'note'> {
  const variant = evidence.variants.find((one) => one.name === name);
  return variant
    ? { cells: variantCells(evidence, variant), note: silenceOf(evidence, variant) }
    : { cells: [], absent: WAYS[name].none };
}

function flips(cells: readonly VariantCell[], { weights }: Evidence): Estimate | null {
  return shareInterval(
    cells.map(({ differs }) => Number(differs)),
    cells.map(({ task }) => task),
    weights,
  );
}

/** What the judge says in both ways. */
export function variantCells({ answers, criteria }: Evidence, variant: AskedVariant): VariantCell[] {
  return [...variant.said].flatMap(([place, opinion]) => {
    const { answer, repeats } = answers[place]!;
    const times = repeats.map(
      (time) => new Map(saidIn(time, criteria).map(({ cell, part }) => [cell, part])),
    );
    return saidIn(opinion, criteria).flatMap(({ cell, part }): VariantCell[] => {
      const judge = times[0]?.get(cell);
      if (!judge) return [];
      const { criterion } = part;
      const read = readingOf(criterion, criteria, variant.criteria);
      const readings = times.flatMap((time) => time.get(cell) ?? []).map(read);
      return [
        {
          place,
          task: answer.task.id,
          criterion,
          judge,
          variant: part,
          differs: read(judge) !== read(part),
          own: readings.length > 1 ? chanceTwoDiffer(readings) : null,
        },
      ];
    });
  });
}

/** Pass or fail. Of two scales the finer one is read in the steps of the coarser: 28 of 10 to 50 is a 3 of 1 to 5. */
function readingOf(
  name: string,
  ...scales: [readonly Criterion[], readonly Criterion[]]
): (part: Part) => boolean {
  const [own, other] = scales.map((criteria) => stepsOf(criteria.find((one) => one.name === name)));
  if (own === undefined || other === undefined || own === other) return ({ score }) => passes(score);
  const steps = Math.min(own, other);
  return ({ score }) => passes(Math.round(score * steps) / steps);
}

function stepsOf(criterion: Criterion | undefined): number | undefined {
  if (!criterion) return undefined;
  const { min, max } = scaleRange(criterion);
  return max - min;
}

/** Of how many answers nothing is known because of silence, for people; undefined: of none. */
function silenceOf({ answers }: Evidence, { said }: AskedVariant): string | undefined {
  const judged = [...said].filter(([place]) => answers[place]?.repeats[0]?.answer.status === 'scored');
  const silent = judged.filter(([, { answer }]) => answer.status === 'abstained').length;
  return silent === 0
    ? undefined
    : `asked so, it gives no verdict on ${silent} of ${judged.length} answers that it judges else`;
}
