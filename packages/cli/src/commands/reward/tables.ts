import type { RewardRecord } from '@touchstone/serve';
import { renderTable } from '../../terminal/table.js';

/** A row per answer, a column per part of the reward. */
export function rewardTable(records: readonly RewardRecord[]): string {
  const names = [...new Set(records.flatMap(({ components }) => components.map(({ name }) => name)))];
  const figure = (value: number | null | undefined): string => value?.toFixed(3) ?? '-';
  return renderTable(
    [
      { title: '#', align: 'right' },
      { title: 'id' },
      ...['reward', ...names].map((title) => ({ title, align: 'right' as const })),
      { title: 'note' },
    ],
    records.map((record, i) => [
      String(i + 1),
      record.id,
      figure(record.score),
      ...names.map((name) => figure(record.components.find((part) => part.name === name)?.score)),
      noteOf(record),
    ]),
  );
}

function noteOf({ status, gated_by, reason, detail, components }: RewardRecord): string {
  if (status !== 'scored') return [status, reason, detail].filter((part) => part !== undefined).join(': ');
  const gate = components.find(({ name }) => name === gated_by);
  if (gate !== undefined) return `not judged: failed ${gate.name}${gate.detail ? `: ${gate.detail}` : ''}`;
  return components.find(({ kind }) => kind === 'judge')?.detail ?? '';
}

/** A row per item and criterion, or for what was judged as a whole; nothing when nothing was judged. */
export function verdictTable(records: readonly RewardRecord[]): string {
  const rows = records.flatMap(({ verdicts }, i) =>
    verdicts.flatMap(({ item, status, score, criteria, outcome, rank, rationale }) => {
      const place = [String(i + 1), item === null ? 'all' : String(item + 1)];
      if (status === 'scored' && criteria.length === 0) {
        const how = outcome ?? (rank === undefined ? '' : `rank ${rank}`);
        return [[...place, how, String(score), rationale?.reason ?? '', rationale?.evidence ?? '']];
      }
      return criteria.map(({ criterion, value, reason, evidence }) => [
        ...place,
        criterion,
        String(value),
        reason,
        evidence,
      ]);
    }),
  );
  if (rows.length === 0) return '';
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'item', align: 'right' as const },
    { title: 'criterion' },
    { title: 'value', align: 'right' as const },
    { title: 'reason' },
    { title: 'evidence' },
  ];
  return `${renderTable(columns, rows)}\n`;
}
