import type { Counterpart } from '@touchstone/run';

/** `SETTINGS.md` of a job: what each setting became. @param trainer its name, for people. */
export const settingsText = (trainer: string, settings: readonly Counterpart[]): string =>
  `# What the settings became

Written by \`touchstone run\` from touchstone.yaml; it is written anew each time.

${settingsTable(trainer, settings)}
`;

export const settingsTable = (trainer: string, settings: readonly Counterpart[]): string =>
  markdownTable(
    ['setting', 'value', `in ${trainer}`, 'note'],
    settings.map(({ setting, value, becomes, note }) => [setting, value, becomes ?? 'no counterpart', note]),
  );

/** A table of Markdown, in which texts of the user's stay text. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => plainText(text.replaceAll(/[|\\]/g, '\\$&'));
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `| ${head.map(() => '---').join(' | ')} |`, ...rows.map(line)].join('\n');
}

/** A text of the user's on one line of Markdown, in which it is no HTML. */
export const plainText = (text: string): string => text.replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ');
