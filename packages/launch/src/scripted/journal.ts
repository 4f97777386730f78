import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LineReader, wrongLine, type Line } from '../line-reader.js';

/*
 * What `train.py` writes while it trains: a file for each time that it was started, a line of JSON for each step. It is appended
 * to by a process that may be killed at any moment, so its last line may be cut off.
 */

const count = z.int().nonnegative();
const versions = z.record(z.string(), z.string());
const head = { run: z.string(), attempt: count };

const answerSchema = z.strictObject({
  task: z.string(),
  text: z.string(),
  tokens: count,
  finish: z.enum(['stop', 'length']),
  score: z.number().min(0).max(1).nullable(),
  reason: z.string(),
});

const stepSchema = z.strictObject({
  ...head,
  step: z.int().min(1),
  seconds: z.number().nonnegative(),
  metrics: z.record(z.string(), z.number().nullable()),
  groups: z.array(z.array(answerSchema).min(1)),
});
export type StepLine = z.output<typeof stepSchema>;

const lineSchema = z.union([
  stepSchema,
  z.strictObject({ ...head, started: z.strictObject({ versions, gpus: count, from: count }) }),
  z.strictObject({ ...head, failed: z.string() }),
  z.strictObject({
    ...head,
    done: z.strictObject({
      /** Of the job's folder. */
      checkpoint: z.string().regex(/^output\/(checkpoint-\d+|merged)$/),
      /** SHA-256 of each file in it. */
      files: z.record(z.string(), z.string()),
      versions,
    }),
  }),
]);
export type JournalLine = z.output<typeof lineSchema>;
export type Done = Extract<JournalLine, { done: unknown }>['done'];

const NAME = /^journal-(\d+)\.jsonl$/;

/** Longer lines are no steps: 4096 answers of 32 kB. */
const LONGEST_LINE = 2 ** 27;

/** The attempts that have written something, in order. */
export async function attemptsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** Reads the lines of one attempt as they are written. */
export class JournalReader {
  private readonly lines: LineReader;
  readonly file: string;

  constructor(
    folder: string,
    private readonly run: string,
    private readonly attempt: number,
    longest = LONGEST_LINE,
  ) {
    this.file = join(folder, `journal-${attempt}.jsonl`);
    this.lines = new LineReader(this.file, longest);
  }

  /**
   * The whole lines that have been written since the last time; one that is not whole yet comes when it is.
   *
   * @throws {RunError} a line is not what the job of this run writes.
   */
  async *read(): AsyncGenerator<JournalLine> {
    for await (const line of this.lines.read()) yield this.parse(line);
  }

  private parse({ number, value }: Line): JournalLine {
    const { success, data, error } = lineSchema.safeParse(value);
    if (!success) throw wrongLine(this.file, number, `is not what train.py writes: ${firstProblem(error)}`);
    if (data.run !== this.run || data.attempt !== this.attempt) {
      throw wrongLine(
        this.file,
        number,
        `is of ${data.run === this.run ? `attempt ${data.attempt}` : 'another run'}; files of two jobs were mixed`,
      );
    }
    return data;
  }
}

/** Of the kinds of lines, the one that came closest: a union says what is wrong with each. */
function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues;
  const inner =
    issue?.code === 'invalid_union' ? issue.errors.toSorted((a, b) => a.length - b.length)[0] : issues;
  const first = inner?.[0];
  return first ? `${first.path.join('.')}: ${first.message}` : 'nothing that it says is known';
}
