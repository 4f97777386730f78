import { type Estimate, GateError, type GateOutcome, InputError, type JudgeFinding } from '@touchstone/spec';
import { z } from 'zod';

import { moreToClear } from '../statistics/labels-needed.js';
import type { Finding, Threshold } from './finding.js';

/**
 * Fewer tasks than this show nothing good of a judge, unless a finding says otherwise: at 20, lower ends near 1 are above the
 * truth in up to 6 of 100 trials where 2.5 are meant (`npm run bench:coverage`).
 */
export const LEAST_UNITS = 30;
/** Beyond this, how many more units are needed is a guess. */
const MOST_FORETOLD = 10_000;

const entrySchema = z.union(
  [z.strictObject({ min: z.number() }), z.strictObject({ max: z.number() }), z.literal('off')],
  { error: 'expected min or max, one of them, as a number, or off' },
);

/**
 * `gate:` of the configuration, by finding: the least or the most that the whole interval must keep to (`min` is compared
 * with its lower end, `max` with its upper end), or `off`. What is not named keeps what the default gate asks. `off` alone
 * turns the gate off.
 */
export const gateSchema = z.union([z.literal('off'), z.record(z.string(), entrySchema)]);
export type Gate = z.output<typeof gateSchema>;

/** @throws {InputError} the gate names a finding that there is not. */
export function assertGateNames(gate: Gate, names: readonly string[]): void {
  const problems = (gate === 'off' ? [] : Object.keys(gate))
    .filter((name) => !names.includes(name))
    .map((name) => ({ message: `gate: expected a finding (${names.join(', ')}), got "${name}"` }));
  if (problems.length > 0) throw new InputError(problems);
}

/**
 * Holds findings against the gate. It passes where every gated finding passes; that being a conjunction, each is held to its
 * own interval without a correction for their number.
 *
 * @param gate what the configuration asks in place of the findings' own thresholds.
 */
export function applyGate(
  found: readonly (Finding & { family: string })[],
  gate: Gate,
): { findings: JudgeFinding[]; gate: GateOutcome } {
  const findings = found.map((finding): JudgeFinding => {
    const threshold = thresholdOf(finding, gate);
    const { name, family, description, estimate } = finding;
    const note = finding.incomplete ?? finding.absent ?? finding.note ?? null;
    const common = {
      name,
      family,
      description,
      estimate,
      threshold: asEntry(threshold),
      eased_from: asEntry(easedFrom(finding, threshold, gate)),
    };
    if (!threshold) return { ...common, outcome: estimate ? 'reported' : 'insufficient-data', note };
    return { ...common, ...holdAgainst(finding, threshold) };
  });
  const outcomes = new Set(findings.flatMap(({ threshold, outcome }) => (threshold ? [outcome] : [])));
  const verdicts: [JudgeFinding['outcome'], GateOutcome][] = [
    ['fail', 'failed'],
    ['insufficient-data', 'insufficient-data'],
    ['pass', 'passed'],
  ];
  return { findings, gate: verdicts.find(([outcome]) => outcomes.has(outcome))?.[1] ?? 'not-set' };
}

/** What the configuration asks of a finding, else what the default gate does; undefined: nothing. */
function thresholdOf({ name, gate: byDefault, absent }: Finding, gate: Gate): Threshold | undefined {
  if (gate === 'off') return undefined;
  const own = Object.hasOwn(gate, name) ? gate[name] : undefined;
  if (own === 'off') return undefined;
  return own ?? (absent === undefined ? byDefault : undefined);
}

/** The default gate's threshold, where what is asked in its place is less; a gate that is off altogether says so by itself. */
function easedFrom(
  { gate: byDefault, absent }: Finding,
  asked: Threshold | undefined,
  gate: Gate,
): Threshold | undefined {
  if (gate === 'off' || !byDefault || absent !== undefined) return undefined;
  if (!asked) return byDefault;
  const isLess =
    'min' in byDefault
      ? !('min' in asked) || asked.min < byDefault.min
      : !('max' in asked) || asked.max > byDefault.max;
  return isLess ? byDefault : undefined;
}

const asEntry = (threshold: Threshold | undefined): JudgeFinding['threshold'] => {
  if (!threshold) return null;
  return 'min' in threshold ? { bound: 'min', value: threshold.min } : { bound: 'max', value: threshold.max };
};

/**
 * A finding passes where its whole interval is on the right side, and fails where the estimate itself is on the wrong one; of
 * few units, where the whole interval is. Otherwise nothing is shown yet.
 */
function holdAgainst(
  { estimate, absent, least = LEAST_UNITS, doubt, incomplete, ...finding }: Finding,
  threshold: Threshold,
): Pick<JudgeFinding, 'outcome' | 'note'> {
  const note = finding.note ?? null;
  if (!estimate) return { outcome: 'insufficient-data', note: incomplete ?? absent ?? note };
  const { n } = estimate;
  const isOut = 'min' in threshold ? estimate.high < threshold.min : estimate.low > threshold.max;
  const isMissed = 'min' in threshold ? estimate.mean < threshold.min : estimate.mean > threshold.max;
  if (isOut || (isMissed && n >= least)) {
    return doubt === undefined ? { outcome: 'fail', note } : { outcome: 'insufficient-data', note: doubt };
  }
  if (incomplete !== undefined) return { outcome: 'insufficient-data', note: incomplete };
  if (n < least) {
    return {
      outcome: 'insufficient-data',
      note: `at least ${least} are needed: ${least - n} more that show something of it`,
    };
  }
  const keeps = 'min' in threshold ? estimate.low >= threshold.min : estimate.high <= threshold.max;
  if (keeps) return { outcome: 'pass', note };
  return { outcome: 'insufficient-data', note: unitsMissing(moreToClear(estimate, threshold)) };
}

function unitsMissing(more: number | null): string {
  return more !== null && more <= MOST_FORETOLD
    ? `the interval is too wide: about ${Math.max(1, more)} more are needed if the estimate stays`
    : 'the estimate is too close to the threshold for any amount of data';
}

/** What to do where the judge's budget was used up before everything was asked. */
export const RAISE_BUDGET =
  "Raise the judge's budget and examine it again (replies that were paid for are kept)";

/** Why a run may train although the gate has not passed, in the user's words. */
export interface GateReasons {
  /** The gate said no, or too little is known. */
  override?: string | undefined;
  /** The gate is off, or there is nothing to examine the judge on. */
  noGate?: string | undefined;
}

/**
 * Stops a run whose judge is not shown to be fit to train against.
 *
 * @returns the reason for which it goes on all the same; null where the gate has passed.
 * @throws {GateError} the gate has not passed and there is no reason; names each finding that failed, or, where none has, each that
 *   did not pass, with its figures.
 * @throws {InputError} a reason is blank.
 */
export function assertGatePassed(
  {
    findings,
    gate,
    unasked = null,
  }: { findings: readonly JudgeFinding[]; gate: GateOutcome; unasked?: string | null },
  { override, noGate }: GateReasons = {},
): string | null {
  assertReason('--override-gate', override);
  assertReason('--no-gate', noGate);
  if (gate === 'passed') return null;
  if (gate === 'not-set') {
    if (noGate !== undefined) return noGate;
    throw new GateError(
      'Nobody has shown that this judge is fit to train against: its gate is off, or there is nothing to examine it on. ' +
        'Set data.labelled and take "gate: off" out of the configuration, or say why to train without a gate: touchstone run … --no-gate "REASON".',
    );
  }
  if (override !== undefined) return override;
  const gated = findings.filter(({ threshold }) => threshold !== null);
  const missed = gated.filter(({ outcome }) => outcome !== 'pass');
  const failed = missed.filter(({ outcome }) => outcome === 'fail');
  const named = gate === 'failed' ? failed : missed;
  const others = missed.length - named.length;
  throw new GateError(
    [
      gate === 'failed'
        ? `The judge is not fit to train against: ${failed.length} of ${gated.length} gated findings failed.`
        : `Too little is known of the judge to train against it: ${missed.length} of ${gated.length} gated findings did not pass.`,
      ...(unasked === null ? [] : [`  ${unasked}.`]),
      ...named.map((finding) => `  ${describe(finding)}`),
      ...(others > 0 ? [`  ${others} further: too little data, or not asked.`] : []),
      `${unasked === null || gate === 'failed' ? 'Improve the judge or add labelled answers' : RAISE_BUDGET}, or say why to train anyway: touchstone run … --override-gate "REASON".`,
    ].join('\n'),
  );
}

function assertReason(flag: string, reason: string | undefined): void {
  if (reason?.trim() !== '') return;
  throw new InputError([{ message: `${flag}: expected a reason, got nothing. It goes into the report.` }]);
}

function describe({ name, estimate, threshold, outcome, note }: JudgeFinding): string {
  const least = threshold?.bound === 'min';
  const expected = `expected ${least ? 'the lower end at least' : 'the upper end at most'} ${threshold?.value}`;
  const why = note === null ? '' : `; ${note}`;
  const word = outcome === 'fail' ? '' : 'insufficient data: ';
  return `${name}: ${word}${figure(estimate)}${expected}${why}`;
}

function figure(estimate: Estimate | null): string {
  if (!estimate) return '';
  const [mean, low, high] = [estimate.mean, estimate.low, estimate.high].map((value) => value.toFixed(3));
  return `${mean} [${low}, ${high}], n = ${estimate.n}; `;
}
