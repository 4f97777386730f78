import { GateError, InputError, type JudgeFinding, type Summary } from '@touchstone/spec';
import { z } from 'zod';

import type { Finding } from './finding.js';

/**
 * `gate:` of the configuration: for each named finding the least or the most that the whole interval must keep to. `min`
 * is compared with its lower end, `max` with its upper end.
 */
export const gateSchema = z.record(
  z.string(),
  z.union([z.strictObject({ min: z.number() }), z.strictObject({ max: z.number() })], {
    error: 'expected min or max, one of them, as a number',
  }),
);
export type Gate = z.output<typeof gateSchema>;

/** @throws {InputError} the gate names a finding that there is not. */
export function assertGateNames(gate: Gate, names: readonly string[]): void {
  const problems = Object.keys(gate)
    .filter((name) => !names.includes(name))
    .map((name) => ({ message: `gate: expected a finding (${names.join(', ')}), got "${name}"` }));
  if (problems.length > 0) throw new InputError(problems);
}

/** Holds findings against the gate. A gated finding without an interval fails: nothing was shown. */
export function applyGate(
  found: readonly Finding[],
  gate: Gate,
): { findings: JudgeFinding[]; gate: 'passed' | 'failed' | 'not-set' } {
  const findings = found.map((finding): JudgeFinding => {
    const threshold = thresholdOf(gate, finding.name);
    return { ...finding, threshold, outcome: outcomeOf(finding, threshold) };
  });
  const gated = findings.filter(({ threshold }) => threshold !== null);
  if (gated.length === 0) return { findings, gate: 'not-set' };
  return { findings, gate: gated.every(({ outcome }) => outcome === 'pass') ? 'passed' : 'failed' };
}

function thresholdOf(gate: Gate, name: string): JudgeFinding['threshold'] {
  const entry = Object.hasOwn(gate, name) ? gate[name] : undefined;
  if (!entry) return null;
  return 'min' in entry ? { bound: 'min', value: entry.min } : { bound: 'max', value: entry.max };
}

function outcomeOf({ estimate }: Finding, threshold: JudgeFinding['threshold']): JudgeFinding['outcome'] {
  if (!estimate) return 'insufficient-data';
  if (!threshold) return 'reported';
  const keeps =
    threshold.bound === 'min' ? estimate.low >= threshold.value : estimate.high <= threshold.value;
  return keeps ? 'pass' : 'fail';
}

/**
 * Stops a run whose judge is not fit to train against.
 *
 * @param overrideReason why to train all the same, in the user's words.
 * @returns what the summary records.
 * @throws {GateError} the gate failed and there is no reason; names each failed finding with its figures.
 * @throws {InputError} the reason is blank.
 */
export function assertGatePassed(
  result: { findings: readonly JudgeFinding[]; gate: 'passed' | 'failed' | 'not-set' },
  overrideReason?: string,
): Summary['judge']['gate'] {
  if (overrideReason !== undefined && overrideReason.trim() === '') {
    throw new InputError([
      { message: '--override-gate: expected a reason, got nothing. It goes into the report.' },
    ]);
  }
  if (result.gate !== 'failed') return result.gate;
  if (overrideReason !== undefined) return 'overridden';
  const gated = result.findings.filter(({ threshold }) => threshold !== null);
  const failed = gated.filter(({ outcome }) => outcome !== 'pass');
  throw new GateError(
    [
      `The judge is not fit to train against: ${failed.length} of ${gated.length} gated findings failed.`,
      ...failed.map((finding) => `  ${describe(finding)}`),
      'Improve the judge or add labelled examples, or say why to train anyway with --override-gate "REASON".',
    ].join('\n'),
  );
}

function describe({ name, estimate, threshold }: JudgeFinding): string {
  const least = threshold?.bound === 'min';
  const expected = `expected ${least ? 'the lower end at least' : 'the upper end at most'} ${threshold?.value}`;
  if (!estimate) return `${name}: insufficient data; ${expected}`;
  const [mean, low, high] = [estimate.mean, estimate.low, estimate.high].map((figure) => figure.toFixed(3));
  return `${name}: ${mean} [${low}, ${high}], n = ${estimate.n}; ${expected}`;
}
