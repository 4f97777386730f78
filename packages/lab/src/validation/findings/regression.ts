import type { Estimate } from '@touchstone/spec';
import { CASE_KINDS } from '@touchstone/core';

import { shareInterval } from '../../statistics/means.js';
import { wilson } from '../../statistics/proportions.js';
import { type CaseResult, resultsOf } from '../../suite/case-result.js';
import { chanceTwoDiffer } from '../cells.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';

/** People choose cases; they are no sample, of which twenty would be few. */
const LEAST_TASKS = 5;

/**
 * Does the judge still say what is known of the regression cases? A case counts by the majority of its repeats; cases on
 * which the judge abstained are left out of shares, but a critical one of them counts as failed.
 *
 * The default gate asks for little of the share: people choose cases for being hard, and half is what a judge that says the
 * same of everything gets of as many good as bad ones. What must never happen is marked critical, and there one is too many.
 */
export function regression({ cases }: Pick<Evidence, 'cases'>): Finding[] {
  const results = resultsOf(cases);
  const absent = cases.length === 0 ? 'there are no regression cases (data.regression)' : undefined;
  const critical = results.filter((result) => result.case.critical === true);
  const lost = critical.filter(({ outcome }) => outcome !== 'held').length;
  return [
    {
      name: 'regression',
      description:
        'Share of regression cases that hold: score in the band, pair in the order, variant scored alike.',
      estimate: shareHeld(results),
      gate: { min: 0.5 },
      least: LEAST_TASKS,
      absent,
    },
    {
      name: 'regression.critical_failures',
      description:
        'Number of critical cases that do not hold, or on which the judge abstained (n counts critical cases).',
      estimate: critical.length === 0 ? null : { mean: lost, low: lost, high: lost, n: critical.length },
      gate: { max: 0 },
      least: 1,
      absent: cases.some((one) => one.case.critical === true) ? undefined : 'no regression case is critical',
    },
    ...CASE_KINDS.map((kind) => ({
      name: `regression.${kind}`,
      description: `Share of ${kind} cases that hold.`,
      least: LEAST_TASKS,
      estimate: shareHeld(results.filter((result) => result.case.kind === kind)),
      absent: cases.some((one) => one.case.kind === kind) ? undefined : `there are no ${kind} cases`,
    })),
    {
      name: 'regression.flip_rate',
      description: 'Chance that two judgements of one regression case differ in whether it holds.',
      estimate: flips(results),
      absent,
    },
  ];
}

/** Where each task has one case, or all cases say one thing, tasks are trials; else the interval is over tasks. */
function shareHeld(results: readonly CaseResult[]): Estimate | null {
  const judged = results.filter(({ outcome }) => outcome !== 'abstained');
  const held = judged.map(({ outcome }) => Number(outcome === 'held'));
  const tasks = judged.map((result) => result.case.task.id);
  const [first = 0] = held;
  const n = new Set(tasks).size;
  if (n === tasks.length) return wilson(held.filter((one) => one === 1).length, n);
  return held.every((one) => one === first) ? wilson(first * n, n) : shareInterval(held, tasks);
}

function flips(results: readonly CaseResult[]): Estimate | null {
  const repeated = results
    .map((result) => ({
      task: result.case.task.id,
      said: result.repeats.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'abstained'),
    }))
    .filter(({ said }) => said.length > 1);
  return shareInterval(
    repeated.map(({ said }) => chanceTwoDiffer(said)),
    repeated.map(({ task }) => task),
  );
}
