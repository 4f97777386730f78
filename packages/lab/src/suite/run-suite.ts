import { InputError, RunError, type GateOutcome, type JudgeFinding, type Usage } from '@touchstone/spec';
import type { Judge, RegressionCase } from '@touchstone/core';

import { Asker } from '../validation/ask.js';
import { regression } from '../validation/findings/regression.js';
import { applyGate, type Gate } from '../validation/gate.js';
import { askCases, sizeOf } from './ask-cases.js';
import { type CaseResult, resultsOf, sayingOf } from './case-result.js';

export interface SuiteInput {
  judge: Judge;
  cases: readonly RegressionCase[];
  /** How often each case is judged, from 1. */
  repeats: number;
  /** Of the order in which answers are shown to a judge that compares. */
  seed: number;
  /** As for the whole examination: what it says of other findings counts for nothing here. */
  gate: Gate;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface SuiteResult {
  judge: { id: string; fingerprint: string };
  results: CaseResult[];
  findings: JudgeFinding[];
  gate: GateOutcome;
  usage: Usage;
}

/**
 * Does the judge still say what is known of the cases? Asks nothing else.
 *
 * @throws {InputError} there are no cases.
 */
export async function runSuite(input: SuiteInput): Promise<SuiteResult> {
  const { judge, cases, repeats, seed, gate } = input;
  if (cases.length === 0) {
    throw new InputError([{ message: 'data.regression: expected cases to test the judge with, got none' }]);
  }
  let done = 0;
  const total = sizeOf(cases, repeats);
  const asker = new Asker(judge, seed, (answers) => input.onProgress?.({ done: (done += answers), total }));
  const judged = await askCases(asker, cases, repeats);
  const results = resultsOf(judged);
  const { id, fingerprint } = judge;
  return {
    judge: { id, fingerprint },
    results,
    ...applyGate(
      regression({ cases: judged }).map((finding) => ({ ...finding, family: 'regression' })),
      gate,
    ),
    usage: asker.usage,
  };
}

/** That a judge gave no verdict on any case, and why, for people; null where it gave one. */
export function silenceOf(results: readonly CaseResult[]): string | null {
  const [first] = results;
  if (!first || results.some(({ outcome }) => outcome !== 'abstained')) return null;
  return `gave no verdict on any of ${results.length} cases; the first: ${sayingOf(first)}`;
}

/**
 * For when the results are written: such silence says something about the judge's provider, and nothing about the judge.
 *
 * @throws {RunError} the judge gave no verdict on any case.
 */
export function assertAnyVerdict(results: readonly CaseResult[]): void {
  const silence = silenceOf(results);
  if (silence === null) return;
  throw new RunError(
    `The judge ${silence}. Mend the cause and run again: replies that were paid for are kept.`,
  );
}
