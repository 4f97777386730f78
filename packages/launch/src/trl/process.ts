import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { assertOwn, writeWhole } from '@touchstone/store';
import { z } from 'zod';
import { parseOrNull } from '../json.js';

/** A process that was started for a run, and how it asks for rewards. */
const jobSchema = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  attempt: z.int().min(1),
  pid: z.int().min(2),
  /** When the process was started, as the system says it: another process may have its number by now. */
  started: z.string(),
  port: z.int().min(1).max(65_535),
  /** SHA-256 of the key that the process has; the key itself is nowhere else. */
  key_hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type JobRecord = z.output<typeof jobSchema>;

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

/** Whether the process of a job is there: that one, and no other with its number. */
export const isAlive = ({ pid, started }: Pick<JobRecord, 'pid' | 'started'>): boolean =>
  startOf(pid) === started;

/** When a process was started, in words of the system; null: there is none, or it has ended and nobody has looked yet. */
export function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      // After the name in brackets, which may hold anything: the state, and 19 fields on the time in ticks since the boot.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : `${bootId()} ${fields[19]}`;
    }
    const said = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return said === '' || said.startsWith('Z') ? null : said.replace(/^\S+\s+/, '');
  } catch {
    return null;
  }
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
