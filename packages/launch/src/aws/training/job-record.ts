import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { z } from 'zod';

const FILE = 'job.json';

/** Which job of AWS is this run's. */
const recordSchema = z.strictObject({
  /** Its attempt: one that has failed is followed by the next. */
  attempt: z.int().min(1),
  /** Null: it is being started. */
  arn: z.string().nullable(),
});
export type JobRecord = z.output<typeof recordSchema>;

/** @throws {RunError} the file is damaged: a second job might be started beside the first. */
export async function readJob(folder: string): Promise<JobRecord> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { attempt: 1, arn: null };
    throw error;
  }
  const parsed = recordSchema.safeParse(parseOrNull(text));
  if (parsed.success) return parsed.data;
  throw new RunError(
    `${join(folder, FILE)} is damaged: it says which job of AWS is this run's, ${JSON.stringify({ attempt: 1, arn: null })} for the first. ` +
      "Restore it, or write the number of the attempt that stands at the end of the job's name in AWS's console (…-a2).",
  );
}

export const writeJob = (folder: string, record: JobRecord): Promise<void> =>
  writeWhole(join(folder, FILE), `${JSON.stringify(record)}\n`);

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
