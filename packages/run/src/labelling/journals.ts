import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn, readJournal } from '@touchstone/store';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';

/** What somebody said of one criterion of one item: a value on its scale, or that it cannot be said. */
export type Given = number | boolean | 'unsure';

/** One line of a person's journal. The last one of a thing counts. */
const entrySchema = z.union([
  z.object({
    time: z.string(),
    answer: z.string(),
    item: z.int().nonnegative(),
    criterion: z.string(),
    /** null: what was said is taken back. */
    value: z.union([z.number(), z.boolean(), z.literal('unsure'), z.null()]),
  }),
  z.object({ time: z.string(), answer: z.string(), note: z.string() }),
]);

/** What a person has said, by answer, and in it by `place`. */
export type Said = Map<string, Map<string, Given>>;

/** Names what is labelled within an answer. */
export const place = (item: number, criterion: string): string => `${item} ${criterion}`;

const raters = (folder: string): string => join(folder, 'raters');
export const journalFile = (folder: string, rater: string): string => join(raters(folder), `${rater}.jsonl`);

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._-]{0,39}$/u;

/** The people who have a journal in a folder, in the order of their names. */
export async function ratersIn(folder: string): Promise<string[]> {
  return (await namesIn(raters(folder)))
    .flatMap((name) => (name.endsWith('.jsonl') ? [name.slice(0, -6).normalize('NFC')] : []))
    .filter((name) => NAME.test(name))
    .sort();
}

/** Another text where a journal has grown, or there is a new one. */
export async function journalSizes(folder: string): Promise<string> {
  const names = await ratersIn(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(journalFile(folder, name))).size));
  return JSON.stringify([names, sizes]);
}

/**
 * The name as files have it.
 *
 * @throws {InputError} it can be no file's, or somebody has the same one in other letters.
 */
export function raterName(given: string, known: readonly string[]): string {
  const name = given.trim().normalize('NFC');
  if (!NAME.test(name) || name.endsWith('.')) {
    throw new InputError([
      {
        message: `--rater: expected a name of letters and digits, with spaces, dots, dashes or underscores within, of at most 40, got ${JSON.stringify(given)}`,
      },
    ]);
  }
  const alike = known.find((one) => one !== name && one.toLowerCase() === name.toLowerCase());
  if (alike === undefined) return name;
  throw new InputError([
    {
      message: `--rater: "${alike}" has labels here, and "${name}" is hardly another person: write the name as there`,
    },
  ]);
}

/** What one person has said, and what of the journal is of no use. */
export function readSaid(
  folder: string,
  rater: string,
): { said: Said; notes: Map<string, string>; problems: string[] } {
  const file = journalFile(folder, rater);
  const { entries, unread } = readJournal(file);
  const said: Said = new Map();
  const notes = new Map<string, string>();
  const bad = [...unread];
  for (const { line, value } of entries) {
    const { success, data } = entrySchema.safeParse(value);
    if (!success) bad.push(line);
    else if ('note' in data) notes.set(data.answer, data.note);
    else {
      const of = said.get(data.answer) ?? new Map<string, Given>();
      said.set(data.answer, of);
      if (data.value === null) of.delete(place(data.item, data.criterion));
      else of.set(place(data.item, data.criterion), data.value);
    }
  }
  return {
    said,
    notes,
    problems: bad.map(
      (line) =>
        `${file}:${line}: the line is no label, as a kill in the middle of a write leaves it; it is left out`,
    ),
  };
}
