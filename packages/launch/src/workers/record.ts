import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { assertOwn, writeWhole } from '@touchstone/store';
import { z } from 'zod';
import { parseOrNull } from '../json.js';

const localSchema = z.strictObject({
  pid: z.int().min(2),
  /** When the process was started, as the system says it: another process may have its number by now. */
  started: z.string(),
});
/** A process of this machine. */
export type LocalProcess = z.output<typeof localSchema>;

const raySchema = z.strictObject({
  ray: z.strictObject({
    /** Of the dashboard. */
    address: z.string(),
    submission_id: z.string(),
  }),
});

const common = {
  version: z.literal(1),
  run: z.string(),
  attempt: z.int().min(1),
  /** Where it asks for rewards. */
  host: z.string(),
  port: z.int().min(1).max(65_535),
  /** SHA-256 of the key that it has; `job.json` does not hold the key. */
  key_hash: z.string().regex(/^[0-9a-f]{64}$/),
};
/** A worker that was started for a run, and how it asks for rewards. */
const jobSchema = z.union([localSchema.extend(common), raySchema.extend(common)]);
export type JobRecord = z.output<typeof jobSchema>;

/** What is known of a worker before it has been started. */
export type Start = Omit<z.output<z.ZodObject<typeof common>>, 'version'>;

const FILE = 'job.json';

export const writeJob = (folder: string, job: JobRecord): Promise<void> =>
  writeWhole(join(folder, FILE), `${JSON.stringify(job, null, 2)}\n`);

/**
 * The job that was last started in a folder; null where none was, or what is written of it is damaged: one that is still at work
 * then keeps the next one out by its own lock.
 *
 * @throws {RunError} it is of another run.
 */
export async function readJob(folder: string, run: string): Promise<JobRecord | null> {
  const file = join(folder, FILE);
  assertOwn(file, 'file');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new RunError(`${file} cannot be read; look whether this user may`, { cause });
  }
  const parsed = jobSchema.safeParse(parseOrNull(text));
  if (!parsed.success) return null;
  if (parsed.data.run === run) return parsed.data;
  throw new RunError(
    `${file} is of another run (${parsed.data.run}): expected ${run}. Restore the whole folder from a copy, or choose another one with --out.`,
  );
}
