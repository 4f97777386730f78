import { GateError, InputError, type JudgeCheck, type Summary } from '@touchstone/spec';
import { z } from 'zod';

import type { Finding } from './finding.js';

/**
 * `gate:` of the configuration: for each named check the least or the most that the whole interval must keep to. `min`
 * is compared with its lower end, `max` with its upper end.
 */
export const gateSchema = z.record(
  z.string(),
  z.union([z.strictObject({ min: z.number() }), z.strictObject({ max: z.number() })], {
    error: 'expected min or max, one of them, as a number',
  }),
);
export type Gate = z.output<typeof gateSchema>;

/** @throws {InputError} the gate names a check that there is not. */
export function checkGate(gate: Gate, names: readonly string[]): void {
  const problems = Object.keys(gate)
    .filter((name) => !names.includes(name))
    .map((name) => ({ message: `gate: expected a check (${names.join(', ')}), got "${name}"` }));
  if (problems.length > 0) throw new InputError(problems);
}

/** Holds findings against the gate. A gated check without an interval fails: nothing was shown. */
export function applyGate(
  findings: readonly Finding[],
  gate: Gate,
): { checks: JudgeCheck[]; gate: 'passed' | 'failed' | 'not-set' } {
  const checks = findings.map((finding): JudgeCheck => {
    const threshold = thresholdOf(gate, finding.name);
    return { ...finding, threshold, outcome: outcomeOf(finding, threshold) };
  });
  const gated = checks.filter(({ threshold }) => threshold !== null);
  if (gated.length === 0) return { checks, gate: 'not-set' };
  return { checks, gate: gated.every(({ outcome }) => outcome === 'pass') ? 'passed' : 'failed' };
}

function thresholdOf(gate: Gate, name: string): JudgeCheck['threshold'] {
  const entry = Object.hasOwn(gate, name) ? gate[name] : undefined;
  if (!entry) return null;
  return 'min' in entry ? { bound: 'min', value: entry.min } : { bound: 'max', value: entry.max };
}

function outcomeOf({ estimate }: Finding, threshold: JudgeCheck['threshold']): JudgeCheck['outcome'] {
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
 * @throws {GateError} the gate failed and there is no reason; names each failed check with its figures.
 * @throws {InputError} the reason is blank.
 */
export function enforceGate(
  result: { checks: readonly JudgeCheck[]; gate: 'passed' | 'failed' | 'not-set' },
  overrideReason?: string,
): Summary['judge']['gate'] {
  if (overrideReason !== undefined && overrideReason.trim() === '') {
    throw new InputError([
      { message: '--override-gate: expected a reason, got nothing. It goes into the report.' },
    ]);
  }
  if (result.gate !== 'failed') return result.gate;
  if (overrideReason !== undefined) return 'overridden';
  const gated = result.checks.filter(({ threshold }) => threshold !== null);
  const failed = gated.filter(({ outcome }) => outcome !== 'pass');
  throw new GateError(
    [
      `The judge is not fit to train against: ${failed.length} of ${gated.length} gated checks failed.`,
      ...failed.map((check) => `  ${describeCheck(check)}`),
      'Improve the judge or add labelled examples, or say why to train anyway with --override-gate "REASON".',
    ].join('\n'),
  );
}

function describeCheck({ name, estimate, threshold }: JudgeCheck): string {
  const least = threshold?.bound === 'min';
  const expected = `expected ${least ? 'the lower end at least' : 'the upper end at most'} ${threshold?.value}`;
  if (!estimate) return `${name}: insufficient data; ${expected}`;
  const [mean, low, high] = [estimate.mean, estimate.low, estimate.high].map((figure) => figure.toFixed(3));
  return `${name}: ${mean} [${low}, ${high}], n = ${estimate.n}; ${expected}`;
}
