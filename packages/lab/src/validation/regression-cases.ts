import { wilson } from '../statistics/proportions.js';
import type { Finding } from './finding.js';
import type { RegressionCase } from '@touchstone/core';
import type { Opinion } from './readings.js';

export interface JudgedCase {
  case: RegressionCase;
  opinion: Opinion;
}

const KINDS = ['good', 'bad', 'boundary'] as const;

/**
 * Does the judge still score the known cases as expected? Each case is one trial, and the interval is Wilson's: a suite
 * of five that all pass must not look like certainty. Cases the judge abstained on are left out.
 */
export function regressionCases(cases: readonly JudgedCase[]): Finding[] {
  const results = cases.flatMap(({ case: { kind, min = 0, max = 1 }, opinion: { answer } }) => {
    return answer.status === 'scored' ? [{ kind, within: answer.score >= min && answer.score <= max }] : [];
  });
  const finding = (name: string, what: string, of: typeof results): Finding => ({
    name,
    description: `Share of ${what} whose score is in the expected band (n counts cases).`,
    estimate: wilson(of.filter(({ within }) => within).length, of.length),
  });
  return [
    finding('regression', 'regression cases', results),
    ...KINDS.map((kind) =>
      finding(
        `regression.${kind}`,
        `${kind} cases`,
        results.filter((result) => result.kind === kind),
      ),
    ),
  ];
}
