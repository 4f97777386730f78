import { largest } from '@touchstone/spec';
import { oneLine } from './text.js';
import { widthOf } from './width.js';

export interface Column {
  title: string;
  /** Figures go right, words left. */
  align?: 'left' | 'right';
}

/**
 * A plain table: columns two spaces apart, a rule under the titles, no trailing spaces, each row ended by a line end.
 *
 * @param rows cells in the order of the columns; missing ones are blank.
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ title }) => title), ...rows].map((row) =>
    columns.map((_, i) => oneLine(row[i] ?? '')),
  );
  const widths = columns.map((_, i) => largest(cells.map((row) => widthOf(row[i]!))));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => {
        const space = ' '.repeat(widths[i]! - widthOf(cell));
        return columns[i]!.align === 'right' ? space + cell : cell + space;
      })
      .join('  ')
      .trimEnd(),
  );
  const rule = widths.map((w) => '-'.repeat(w)).join('  ');
  return [lines[0], rule, ...lines.slice(1)].map((line) => `${line}\n`).join('');
}
