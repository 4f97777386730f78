import type { PhaseCost } from '@touchstone/run';
import { renderTable } from '../terminal/table.js';

type Cost = Omit<PhaseCost, 'by' | 'about'>;

/** What a judge would be asked and what that may cost, a row for each part of it. */
export function planTable(phases: readonly Cost[]): string {
  const right = { align: 'right' as const };
  const columns = [
    { title: 'what is asked, in this order' },
    { title: 'answers', ...right },
    { title: 'calls', ...right },
    { title: 'tokens read, about', ...right },
    { title: 'written at most', ...right },
    { title: 'dollars, about', ...right },
  ];
  const rows = phases.map(({ name, answers, calls, inputTokens, outputTokens, money }) => [
    name,
    ...[answers, calls, inputTokens, outputTokens].map((count) => count.toLocaleString('en')),
    money?.toFixed(2) ?? '–',
  ]);
  return renderTable(columns, rows);
}

const UNPRICED =
  '\nA model that is asked has no `price` in the configuration: dollars are not known. ' +
  'For example price: { input: 0.4, output: 1.6 }, dollars per million tokens.';

/** Before it is spent, in a line. @param more what may be asked beyond that, ended by a full stop and a space. */
export function costText(phases: readonly Cost[], more = ''): string {
  const sum = (of: (phase: Cost) => number): number => phases.reduce((total, phase) => total + of(phase), 0);
  const many = (count: number): string => count.toLocaleString('en', { notation: 'compact' });
  const money = phases.some((phase) => phase.money === null) ? null : sum((phase) => phase.money ?? 0);
  return (
    `About ${many(sum(({ calls }) => calls))} calls and ${many(sum((phase) => phase.inputTokens))} tokens read, ` +
    `at most ${many(sum((phase) => phase.outputTokens))} written` +
    `${money ? `: about $${money.toFixed(2)} if so many are` : ''}; ` +
    `${more}Replies that are there already cost nothing.` +
    (money === null ? UNPRICED : '')
  );
}
