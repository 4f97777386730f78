import type { Counterpart } from '@touchstone/run';

/** `SETTINGS.md` of a job: what each setting became. @param trainer its name, for people. */
export function settingsText(trainer: string, settings: readonly Counterpart[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  const rows = settings.map(
    ({ setting, value, becomes, note }) =>
      `| ${[setting, value, becomes ?? 'no counterpart', note].map(cell).join(' | ')} |`,
  );
  return `# What the settings became

Written by \`touchstone run\` from touchstone.yaml; it is written anew each time.

| setting | value | in ${trainer} | note |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
