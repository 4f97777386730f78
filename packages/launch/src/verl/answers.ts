import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { LineReader, wrongLine } from '../line-reader.js';

/*
 * What a job has asked about and was given: written by this process, before it answers. verl's own files say no more of an answer than
 * its text and the number.
 */

const count = z.int().nonnegative();

const answerSchema = z.strictObject({
  /** Of its row in `rows.jsonl`. */
  index: count,
  /** Which answer of its group, from 0 on. */
  session: count,
  /** SHA-256 of the text. */
  text: z.string().regex(/^[0-9a-f]{64}$/),
  tokens: count,
  finish: z.enum(['stop', 'length']),
  /** What verl was given, 0–1. */
  given: z.number().min(0).max(1),
  /** Why there is no verdict; null: there is one, and it is `given`. */
  reason: z.string().nullable(),
});
export type GivenAnswer = z.output<typeof answerSchema>;

const LONGEST_LINE = 2 ** 20;

const keyOf = ({ index, session }: Pick<GivenAnswer, 'index' | 'session'>): string => `${index}/${session}`;

/** The answers of one attempt. One that is asked about again takes the place of the first. */
export class GivenAnswers {
  private readonly byKey = new Map<string, GivenAnswer>();

  private constructor(private readonly file: string | null) {}

  /** Of a check: nothing is kept. */
  static forgetful = (): GivenAnswers => new GivenAnswers(null);

  /**
   * Those of an attempt, which goes on.
   *
   * @throws {RunError} the file is not what this process has written.
   */
  static async open(file: string): Promise<GivenAnswers> {
    const answers = new GivenAnswers(file);
    if (existsSync(file)) {
      // A line that a killed process has left half-written was never answered.
      const text = readFileSync(file);
      truncateSync(file, text.lastIndexOf(0x0a) + 1);
    }
    for await (const { number, value } of new LineReader(file, LONGEST_LINE).read()) {
      const { success, data } = answerSchema.safeParse(value);
      if (!success) throw wrongLine(file, number, 'is not what was written');
      answers.byKey.set(keyOf(data), data);
    }
    return answers;
  }

  /** Of a group, in one piece. */
  add(group: readonly GivenAnswer[]): void {
    if (this.file !== null) {
      appendFileSync(this.file, group.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
    }
    for (const answer of group) this.byKey.set(keyOf(answer), answer);
  }

  get(index: number, session: number): GivenAnswer | undefined {
    return this.byKey.get(keyOf({ index, session }));
  }

  /** How many of these rows have no verdict. */
  unjudged(rows: ReadonlySet<number>): number {
    return [...this.byKey.values()].filter(({ index, reason }) => rows.has(index) && reason !== null).length;
  }
}
