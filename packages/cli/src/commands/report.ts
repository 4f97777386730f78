import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { judgeSummary, readAnySummary, type Examination, type ExaminationResult } from '@touchstone/run';
import type { AlignmentSummary, Summary, TrainingsSummary } from '@touchstone/spec';
import { EVALUATION_FILE, readEvaluation, writeWhole } from '@touchstone/store';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { writeEvaluationReport } from './compare.js';

/** `touchstone report FOLDER` */
export function registerReport(program: Command, io: Io): void {
  program
    .command('report')
    .description("write report.html again from a run's summary.json, or an evaluation's evaluation.json")
    .argument('<folder>', "the run's or the evaluation's folder")
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { json?: true }) => {
      const report = await reportAgain(folder);
      io.out.write(options.json ? `${JSON.stringify({ report })}\n` : `Wrote ${report}.\n`);
    });
}

async function reportAgain(folder: string): Promise<string> {
  if (!existsSync(join(folder, EVALUATION_FILE))) return writeReport(folder, await readAnySummary(folder));
  const file = join(folder, 'report.html');
  await writeEvaluationReport(file, await readEvaluation(folder));
  return file;
}

/** Writes `report.html` into the run's folder, whole or not at all. @returns its path. */
export async function writeReport(folder: string, summary: Summary | TrainingsSummary): Promise<string> {
  // The report's charts take a moment to load: only who asks for a report waits for them.
  const { renderReport } = await import('@touchstone/studio');
  const file = join(folder, 'report.html');
  await writeWhole(file, renderReport(summary));
  return file;
}

/** Writes `alignment.html` into the folder, whole or not at all. @returns its path. */
export async function writeAlignmentReport(folder: string, summary: AlignmentSummary): Promise<string> {
  const { renderAlignmentReport } = await import('@touchstone/studio');
  const file = join(folder, 'alignment.html');
  await writeWhole(file, renderAlignmentReport(summary));
  return file;
}

/** Writes `judge.html` (`judge-dev.html`) into the examination's folder, whole or not at all. @returns its path. */
export async function writeJudgeReport(
  { config, folder }: Pick<Examination, 'config' | 'folder'>,
  result: ExaminationResult,
): Promise<string> {
  const { renderJudgeReport } = await import('@touchstone/studio');
  const { seed, created, versions, data, part, looks } = result.certificate;
  const file = join(folder, part === 'dev' ? 'judge-dev.html' : 'judge.html');
  await writeWhole(
    file,
    renderJudgeReport({
      name: config.name,
      judge: judgeSummary(result),
      warnings: result.warnings,
      seed,
      created,
      versions,
      data,
      part,
      looks,
    }),
  );
  return file;
}
