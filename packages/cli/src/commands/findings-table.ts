import type { JudgeFinding } from '@touchstone/spec';
import { renderTable } from '../terminal/table.js';
import { figure } from '../terminal/text.js';

/** What was found about a judge, with what the gate asks of it. */
export function findingsTable(findings: readonly JudgeFinding[]): string {
  const rows = findings.map(({ name, estimate, threshold, outcome, note }) => [
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
  return renderTable(columns, rows);
}
