import type { JudgeFinding } from '@touchstone/spec';
import { renderTable } from '../terminal/table.js';
import { figure } from '../terminal/text.js';

/** What was found about a judge, what the gate asks of it first. What there was nothing to measure on, and nothing is asked of, is counted. */
export function findingsTable(findings: readonly JudgeFinding[]): string {
  const gated = findings.filter(({ threshold }) => threshold);
  const reported = findings.filter(({ threshold, estimate }) => !threshold && estimate);
  const rows = [...gated, ...reported].map(({ name, estimate, threshold, outcome, note }) => [
    name,
    figure(estimate),
    String(estimate?.n ?? 0),
    threshold ? `${threshold.bound} ${threshold.value}` : '',
    outcome,
    note ?? '',
  ]);
  const columns = [
    { title: 'finding' },
    { title: 'estimate' },
    { title: 'n', align: 'right' as const },
    { title: 'gate' },
    { title: 'outcome' },
    { title: '' },
  ];
  const rest = findings.length - rows.length;
  const line =
    rest > 0 ? `${rest} further findings had nothing to go by here; --json says what each needs.\n` : '';
  return `${renderTable(columns, rows)}${line}`;
}
