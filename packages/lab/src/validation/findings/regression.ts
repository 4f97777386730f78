import { wilson } from '../../statistics/proportions.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { scoreOf } from './order.js';

const KINDS = ['good', 'bad', 'boundary'] as const;

/**
 * Does the judge still score the known cases as expected? Each case is one trial, and the interval is Wilson's: a suite
 * of five that all pass must not look like certainty. Cases the judge abstained on are left out.
 */
export function regression({ cases }: Evidence): Finding[] {
  const results = cases.flatMap(({ case: { kind, min = 0, max = 1 }, opinion }) => {
    const score = scoreOf(opinion);
    return score === null ? [] : [{ kind, within: score >= min && score <= max }];
  });
  const absent = cases.length === 0 ? 'there are no regression cases (data.regression)' : undefined;
  const finding = (name: string, what: string, of: typeof results): Finding => ({
    name,
    description: `Share of ${what} whose score is in the expected band (n counts cases).`,
    estimate: wilson(of.filter(({ within }) => within).length, of.length),
    absent,
  });
  return [
    { ...finding('regression', 'regression cases', results), gate: { min: 0.5 }, least: 5 },
    ...KINDS.map((kind) =>
      finding(
        `regression.${kind}`,
        `${kind} cases`,
        results.filter((result) => result.kind === kind),
      ),
    ),
  ];
}
