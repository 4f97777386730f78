import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { namesIn, readJournal } from '@touchstone/store';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';

/** What somebody said of one criterion of one item: a value on its scale, or that it cannot be said. */
export type Given = number | boolean | 'unsure';

/** One line of a person's journal. Of several of one thing the latest counts, and of one moment the last. */
const entrySchema = z.union([
  z.object({
    time: z.string(),
    answer: z.string(),
    item: z.int().nonnegative(),
    criterion: z.string(),
    /** null: what was said is taken back. */
    value: z.union([z.number(), z.boolean(), z.literal('unsure'), z.null()]),
    /** Hash of what was shown, asked and said. Absent: a line from before there was one. */
    asked: z.string().optional(),
  }),
  z.object({ time: z.string(), answer: z.string(), note: z.string() }),
]);

/** A line that gives a label, or takes one back. */
export type Entry = Extract<z.output<typeof entrySchema>, { value: unknown }>;

/** A person's journal: the name as people write it, and the file as the disk has it. */
export interface Journal {
  name: string;
  file: string;
}

/** What a person has said, by answer, and in it by `place`. */
export type Said = Map<string, Map<string, Given>>;

/**
 * Tells of each line, in the order of a file, whether it counts until a later one does: lines that were put together from two files need not stand in the order of their times. A time that is
 * none is before nothing.
 */
function keepLatest(): (thing: string, time: string) => boolean {
  const latest = new Map<string, number>();
  return (thing, time) => {
    const [at, before] = [Date.parse(time), latest.get(thing) ?? -Infinity];
    if (at < before) return false;
    latest.set(thing, Number.isNaN(at) ? before : at);
    return true;
  };
}

const isTime = (text: string): boolean => z.iso.datetime().safeParse(text).success;

/** Names what is labelled within an answer. */
export const place = (item: number, criterion: string): string => `${item} ${criterion}`;

const raters = (folder: string): string => join(folder, 'raters');

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}\p{M} ._-]{0,39}$/u;

/** Names that hardly are two people's: other letters, or other bytes for the same ones (macOS writes é as two). */
const folded = (name: string): string => name.normalize('NFC').toLowerCase();

/**
 * The journals of a folder, in the order of names.
 *
 * @throws {InputError} two of them are of one name in other letters.
 */
export async function journalsIn(folder: string): Promise<Journal[]> {
  const found = (await namesIn(raters(folder)))
    .flatMap((file) =>
      file.endsWith('.jsonl')
        ? [{ name: file.slice(0, -6).normalize('NFC'), file: join(raters(folder), file) }]
        : [],
    )
    .filter(({ name }) => NAME.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const [i, { name, file }] of found.entries()) {
    const twin = found.slice(0, i).find((one) => folded(one.name) === folded(name));
    if (twin)
      throw InputError.at(
        { file },
        `expected a journal a person, and ${JSON.stringify(basename(twin.file))} is beside it, whose name differs in capitals or in how its letters are written: ` +
          'if they are one person, put the lines of both into one file; if not, rename one',
      );
  }
  return found;
}

/** Another text where a journal has grown, or there is a new one. */
export async function journalSizes(folder: string): Promise<string> {
  const found = await journalsIn(folder);
  return JSON.stringify(await Promise.all(found.map(async ({ file }) => [file, (await stat(file)).size])));
}

/**
 * The journal of a person, which need not be there yet.
 *
 * @throws {InputError} the name can be no file's, or somebody has the same one in other letters.
 */
export function journalOf(folder: string, given: string, known: readonly Journal[]): Journal {
  const name = given.trim().normalize('NFC');
  if (!NAME.test(name) || name.endsWith('.')) {
    throw new InputError([
      {
        message: `--rater: expected a name of letters and digits, with spaces, dots, dashes or underscores within, of at most 40, got ${JSON.stringify(given)}`,
      },
    ]);
  }
  const there = known.find((one) => folded(one.name) === folded(name));
  if (!there) return { name, file: join(raters(folder), `${name}.jsonl`) };
  if (there.name === name) return there;
  throw new InputError([
    {
      message: `--rater: "${there.name}" has labels here, and "${name}" is hardly another person: write the name as there`,
    },
  ]);
}

/** How many problems of a file are told. */
const TOLD = 5;

/**
 * What one person has said, and what of the journal is of no use.
 *
 * @param hold says what is wrong with a label; null: nothing.
 * @throws {InputError} a line holds a label that cannot be one of what is asked.
 */
export function readSaid(
  { file }: Pick<Journal, 'file'>,
  hold: (entry: Entry) => string | null,
): { said: Said; notes: Map<string, string>; entries: Entry[]; last: string; problems: string[] } {
  const { entries: lines, unread } = readJournal(file);
  const said: Said = new Map();
  const notes = new Map<string, string>();
  const entries: Entry[] = [];
  let last = '';
  const counts = keepLatest();
  const bad = [...unread];
  const wrong: { place: { file: string; line: number }; message: string }[] = [];
  for (const { line, value } of lines) {
    const { success, data } = entrySchema.safeParse(value);
    if (!success) {
      bad.push(line);
      continue;
    }
    if (data.time > last && isTime(data.time)) last = data.time;
    if ('note' in data) {
      if (counts(JSON.stringify([data.answer]), data.time)) notes.set(data.answer, data.note);
    } else {
      const message = hold(data);
      if (message !== null) wrong.push({ place: { file, line }, message });
      entries.push(data);
      const { answer, item, criterion, time } = data;
      if (!counts(JSON.stringify([answer, item, criterion]), time)) continue;
      const of = said.get(answer) ?? new Map<string, Given>();
      said.set(answer, of);
      if (data.value === null) of.delete(place(item, criterion));
      else of.set(place(item, criterion), data.value);
    }
  }
  if (wrong.length > 0) throw new InputError(wrong.slice(0, TOLD));
  return {
    said,
    notes,
    entries,
    last,
    problems: bad.map(
      (line) =>
        `${file}:${line}: the line is no label, as a kill in the middle of a write leaves it; it is left out`,
    ),
  };
}
