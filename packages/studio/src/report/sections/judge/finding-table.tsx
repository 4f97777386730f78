import type { JudgeFinding } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, interval, plural } from '../../format.js';
import { findingName } from '../../names.js';
import { Table } from '../parts.js';

const OUTCOMES: Record<JudgeFinding['outcome'], string> = {
  pass: 'pass',
  fail: 'FAIL',
  'insufficient-data': 'not enough data',
  reported: 'reported only',
};

function threshold({ threshold: t }: JudgeFinding): string {
  if (!t) return 'none';
  return t.bound === 'min' ? `lower bound ≥ ${decimal(t.value)}` : `upper bound ≤ ${decimal(t.value)}`;
}

function Outcome({ finding: { outcome, threshold: asked } }: { finding: JudgeFinding }): VNode {
  if (asked === null && outcome === 'insufficient-data') return <span class="muted">not measured</span>;
  return <span class={`outcome ${outcome}`}>{OUTCOMES[outcome]}</span>;
}

function FindingsOf({ caption, findings }: { caption: string; findings: readonly JudgeFinding[] }): VNode {
  return (
    <Table
      caption={caption}
      head={['Finding', 'Estimate [interval]', 'n', 'Threshold', 'Outcome']}
      rows={findings.map((finding) => [
        <>
          {findingName(finding)} <span class="about">{finding.description}</span>
          {finding.note === null ? null : <span class="about note">{finding.note}</span>}
        </>,
        interval(finding.estimate),
        finding.estimate ? count(finding.estimate.n) : '0',
        threshold(finding),
        <Outcome finding={finding} />,
      ])}
    />
  );
}

/** What the gate asks for, and behind it what is only reported. */
export function FindingTables({ findings }: { findings: readonly JudgeFinding[] }): VNode {
  const gated = findings.filter((one) => one.threshold !== null);
  const others = findings.filter((one) => one.threshold === null);
  return (
    <>
      {gated.length > 0 && (
        <FindingsOf
          caption="What the gate asks for. A threshold holds for the bound of the interval, not for the mean"
          findings={gated}
        />
      )}
      {others.length > 0 && (
        <details class="behind">
          <summary>{plural(others.length, 'figure')} that the gate asks nothing of</summary>
          <FindingsOf caption="Reported only" findings={others} />
        </details>
      )}
    </>
  );
}
