import { inRegistryOrder, type JudgeFinding, type Summary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, dollars, interval, NO_DATA, plural } from '../format.js';
import { entry } from '../names.js';
import { Facts, metricTitle, Section, Table } from './parts.js';

const OUTCOMES: Record<JudgeFinding['outcome'], string> = {
  pass: 'pass',
  fail: 'FAIL',
  'insufficient-data': 'not enough data',
  reported: 'reported only',
};

/** `flip_rate` → `flip rate`. */
export function findingName({ name }: JudgeFinding): string {
  return name.replaceAll('_', ' ');
}

function threshold({ threshold: t }: JudgeFinding): string {
  if (!t) return 'none';
  return t.bound === 'min' ? `lower bound ≥ ${decimal(t.value)}` : `upper bound ≤ ${decimal(t.value)}`;
}

/** Whether the judge can be trusted, and what it cost. */
export function Judge({ judge }: { judge: Summary['judge'] }): VNode {
  const reasons = Object.entries(judge.abstentions).map(([reason, n]) => `${reason} ${count(n)}`);
  const abstained = judge.abstained === 0 ? 'none' : plural(judge.abstained, 'abstention');
  return (
    <Section id="judge" title="Is the judge fit?">
      {judge.findings.length === 0 ? (
        <p>Findings about the judge: {NO_DATA}.</p>
      ) : (
        <Table
          caption="Findings about the judge. A threshold holds for the bound of the interval, not for the mean"
          head={['Finding', 'Estimate [interval]', 'n', 'Threshold', 'Outcome']}
          rows={judge.findings.map((finding) => [
            <>
              {findingName(finding)} <span class="about">{finding.description}</span>
            </>,
            interval(finding.estimate),
            finding.estimate ? count(finding.estimate.n) : '0',
            threshold(finding),
            <span class={`outcome ${finding.outcome}`}>{OUTCOMES[finding.outcome]}</span>,
          ])}
        />
      )}
      <Facts
        rows={[
          ['Judge', judge.id],
          ['Fingerprint', <code>{judge.fingerprint}</code>],
          ['Held-out judge', judge.heldout_id ?? 'none'],
          ['Its fingerprint', judge.heldout_fingerprint ? <code>{judge.heldout_fingerprint}</code> : 'none'],
          ...inRegistryOrder('judge', Object.keys(judge.metrics)).map((metric) => {
            const estimate = entry(judge.metrics, metric.name);
            const figure = estimate ? `${interval(estimate)}, n = ${count(estimate.n)}` : NO_DATA;
            return [metricTitle(metric), figure] as const;
          }),
          ['Calls', count(judge.calls)],
          ['Answered by the cache', count(judge.saved)],
          ['Abstentions', reasons.length > 0 ? `${abstained}: ${reasons.join(', ')}` : abstained],
          ['Tokens', `${count(judge.input_tokens)} read, ${count(judge.output_tokens)} written`],
          ['Money', dollars(judge.money)],
        ]}
      />
    </Section>
  );
}
