import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, summarySchema, type Summary } from '@touchstone/spec';
import { upgradeSummary } from './upgrade-summary.js';

const FILE = 'summary.json';

/** Writes a run's `summary.json`, whole or not at all. @returns its path. */
export async function writeSummary(folder: string, summary: Summary): Promise<string> {
  const file = join(folder, FILE);
  await writeFile(`${file}.part`, `${JSON.stringify(summary, null, 2)}\n`);
  await rename(`${file}.part`, file);
  return file;
}

/**
 * Reads and checks a run's `summary.json`, of this version or an older one.
 *
 * @throws {InputError} it is missing, not JSON, or not a summary.
 */
export async function readSummary(folder: string): Promise<Summary> {
  const file = join(folder, FILE);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw InputError.at({ file }, 'there is no such file: expected the folder of a run that has ended', {
        cause,
      });
    }
    throw InputError.at({ file }, code === undefined ? 'not JSON' : `cannot be read (${code})`, { cause });
  }
  const result = summarySchema.safeParse(upgradeSummary(value));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const more = result.error.issues.length - 1;
  throw InputError.at(
    { file },
    `not a summary of this version of Touchstone: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}${more > 0 ? ` (and ${more} more)` : ''}`,
  );
}
