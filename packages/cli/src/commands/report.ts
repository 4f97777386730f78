import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, summarySchema } from '@touchstone/spec';
import type { Summary } from '@touchstone/spec';
import type { Command } from 'commander';
import type { Io } from '../io.js';

/** `touchstone report FOLDER` */
export function registerReport(program: Command, io: Io): void {
  program
    .command('report')
    .description("write report.html again from a run's summary.json")
    .argument('<folder>', "the run's folder")
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { json?: true }) => {
      const report = await writeReport(folder, await readSummary(join(folder, 'summary.json')));
      io.out.write(options.json ? `${JSON.stringify({ report })}\n` : `Wrote ${report}.\n`);
    });
}

/**
 * Reads and checks a run's `summary.json`.
 *
 * @throws {InputError} when it is missing, not JSON or not a summary of this version.
 */
async function readSummary(file: string): Promise<Summary> {
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
  const result = summarySchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const more = result.error.issues.length - 1;
  throw InputError.at(
    { file },
    `not a summary of this version of Touchstone: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}${more > 0 ? ` (and ${more} more)` : ''}`,
  );
}

/** Writes `report.html` into the run's folder, whole or not at all. @returns its path. */
export async function writeReport(folder: string, summary: Summary): Promise<string> {
  // The report's charts take a moment to load: only who asks for a report waits for them.
  const { renderReport } = await import('@touchstone/studio');
  const file = join(folder, 'report.html');
  await writeFile(`${file}.part`, renderReport(summary));
  await rename(`${file}.part`, file);
  return file;
}
