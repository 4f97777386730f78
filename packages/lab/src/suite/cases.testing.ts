import type { Judge, RegressionCase } from '@touchstone/core';
import { NO_USAGE } from '@touchstone/spec';
import { runSuite, type SuiteResult } from './run-suite.js';

const taskOf = (id: string): RegressionCase['task'] => ({
  id,
  messages: [],
  reference: null,
  metadata: { id },
});
export const band = (id: string, response: string, more: Partial<RegressionCase>): RegressionCase => ({
  task: taskOf(id),
  kind: 'good',
  responses: [response],
  ...more,
});
export const order = (id: string, better: string, worse: string): RegressionCase => ({
  task: taskOf(id),
  kind: 'order',
  responses: [better, worse],
});
export const alike = (id: string, response: string, variant: string, tolerance = 0.1): RegressionCase => ({
  task: taskOf(id),
  kind: 'invariance',
  responses: [response, variant],
  tolerance,
});

/** A judge that gives each answer the score that `scoreOf` says, and abstains where that is null. */
export function judgeBy(
  scoreOf: (answer: string, repeat: number) => number | null,
  more: Partial<Judge> = {},
): Judge {
  return {
    id: 'rule',
    fingerprint: '0'.repeat(16),
    criteria: [],
    judge: (rollouts, { repeat = 0 } = {}) =>
      Promise.resolve(
        rollouts.map(({ response }) => {
          const score = scoreOf(response, repeat);
          return {
            answer:
              score === null
                ? { status: 'abstained' as const, reason: 'refusal' as const, detail: 'no' }
                : { status: 'scored' as const, score },
            verdicts: [],
            usage: NO_USAGE,
          };
        }),
      ),
    ...more,
  };
}

/** Reads the score off the answer: "0.8 and more words". */
export const byNumber = (answer: string): number => Number.parseFloat(answer);

export const run = (judge: Judge, cases: readonly RegressionCase[], repeats = 1): Promise<SuiteResult> =>
  runSuite({ judge, cases, repeats, seed: 1, gate: {} });

export const outcomes = ({ results }: SuiteResult): string[] => results.map(({ outcome }) => outcome);

export function finding({ findings }: SuiteResult, name: string): SuiteResult['findings'][number] {
  return findings.find((one) => one.name === name)!;
}

/** Cases of which a judge by number holds exactly those at the places that `isHeld` names. */
export const many = (
  n: number,
  isHeld: (i: number) => boolean,
  id = (i: number) => `t${i}`,
): RegressionCase[] =>
  Array.from({ length: n }, (_, i) => band(id(i), isHeld(i) ? '0.9' : '0.1', { min: 0.5 }));
