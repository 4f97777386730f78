import type { JudgeFinding, Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count } from '../format.js';
import { outcomeWords, verdict } from '../verdict.js';
import { findingName } from './judge.js';

const GATE_WORDS: Record<Summary['judge']['gate'], string> = {
  passed: 'The judge passed the gate: every threshold holds for the bound of its interval.',
  failed: 'The judge did not pass the gate: it was not found fit to train against.',
  'insufficient-data': 'The gate did not pass: too little is known of the judge to train against it.',
  'not-set': 'The gate is off: nothing was required of the judge before training.',
};

function named(findings: readonly JudgeFinding[], outcome: JudgeFinding['outcome']): string {
  return findings
    .filter((finding) => finding.outcome === outcome)
    .map(findingName)
    .join(', ');
}

function Gate({ judge }: { judge: Summary['judge'] }): VNode {
  const failed = named(judge.findings, 'fail');
  const insufficient = named(judge.findings, 'insufficient-data');
  return (
    <div class={`banner gate-${judge.gate}`} role="note">
      <p>
        <strong>Gate: {judge.gate.replace('-', ' ')}.</strong> {GATE_WORDS[judge.gate]}
      </p>
      {failed ? <p>Failed: {failed}.</p> : null}
      {insufficient ? <p>Not enough data to tell: {insufficient}.</p> : null}
      {judge.override_reason === null ? null : (
        <p>
          Training went on all the same: trust the judge scores below accordingly. The reason given:{' '}
          <q>{judge.override_reason}</q>
        </p>
      )}
    </div>
  );
}

/** Title, verdict and gate: what a reader who stops here must have read. */
export function Headline({ summary }: { summary: Summary }): VNode {
  const { outcome, readings } = verdict(summary.comparisons);
  return (
    <header>
      <p class="kicker">Touchstone run report</p>
      <h1>{summary.name}</h1>
      <div class={`banner outcome-${outcome}`}>
        <p class="verdict">
          <strong>{outcomeWords(outcome)}.</strong> {readings[0]?.sentence}
        </p>
        {readings.slice(1).map(({ sentence }) => (
          <p>{sentence}</p>
        ))}
      </div>
      <Gate judge={summary.judge} />
      <p class="muted">
        {summary.created ? <>Made {summary.created}, </> : null}
        seed {summary.seed}, {count(summary.data.eval_tasks)} held-out tasks. Brackets hold the interval of
        each estimate; n is the number of tasks unless said otherwise.
      </p>
    </header>
  );
}
