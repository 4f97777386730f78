import {
  BOUND_WORDS,
  easedText,
  GATE_VERDICTS,
  type JudgeFinding,
  type JudgeSummary,
  notAskedLines,
} from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, interval, plural } from '../format.js';
import { findingName } from '../names.js';

/** What a finding is and what is asked of it, in a sentence. */
function sentence(finding: JudgeFinding): string {
  const { estimate, threshold, note } = finding;
  const asked = threshold
    ? `, and the gate asks for ${BOUND_WORDS[threshold.bound]} ${decimal(threshold.value)}`
    : '';
  const figure = estimate ? `${interval(estimate)} (n = ${count(estimate.n)})` : 'not known';
  return `${findingName(finding)} is ${figure}${asked}${note === null ? '' : `; ${note}`}.`;
}

function Findings({ title, findings }: { title: string; findings: readonly JudgeFinding[] }): VNode | null {
  if (findings.length === 0) return null;
  return (
    <>
      <p>{title}</p>
      <ul>
        {findings.map((finding) => (
          <li>{sentence(finding)}</li>
        ))}
      </ul>
    </>
  );
}

/** Whether this judge may train a model, and why not. */
export function Gate({ judge }: { judge: JudgeSummary }): VNode {
  const gated = judge.findings.filter(({ threshold }) => threshold !== null);
  const those = (outcome: JudgeFinding['outcome']): JudgeFinding[] =>
    gated.filter((finding) => finding.outcome === outcome);
  const [failed, unknown] = [those('fail'), those('insufficient-data')];
  const [first, ...others] = failed;
  const question = judge.families.find(({ name }) => name === first?.family)?.title;
  const eased = easedText(judge.findings);
  return (
    <div class={`banner gate-${judge.gate}`} role="note">
      <p class="verdict">
        <strong>{GATE_VERDICTS[judge.gate]}</strong>
        {first ? ` ${question ? `${question} No: ` : ''}${sentence(first)}` : ''}
        {judge.gate === 'passed'
          ? ` ${plural(gated.length, 'finding')} that the gate asks for: all pass.`
          : ''}
      </p>
      {eased === null ? null : <p>{eased}</p>}
      {notAskedLines(judge.not_asked).map((line) => (
        <p>{line}.</p>
      ))}
      <Findings title="Also failed:" findings={others} />
      <Findings title="Not enough data to tell:" findings={unknown} />
      {judge.override_reason === null ? null : (
        <p>
          Training went on all the same: trust the judge scores below accordingly. The reason given:{' '}
          <q>{judge.override_reason}</q>
        </p>
      )}
    </div>
  );
}
