import { compareStored, systemClock } from '@touchstone/run';
import { InputError, type EvaluationSummary } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { evaluationTables } from './compare/tables.js';

interface Options {
  baseline?: string;
  order?: string;
  passScore?: string;
  metric?: string;
  report?: string;
  json?: true;
}

/** `touchstone compare PATH...` */
export function registerCompare(program: Command, io: Io): void {
  program
    .command('compare')
    .description(
      "compare models by stored scores of their answers: an evaluation's folder, a run's, or JSON Lines of {model, task, scores}",
    )
    .argument('<path...>', 'folders and files; NAME=PATH calls the model NAME, or of several each NAME/model')
    .option('--baseline <name>', 'the model that the others are held against (default: the first)')
    .option('--order <a,b,c>', 'models that are checkpoints of one training, in order')
    .option(
      '--pass-score <number>',
      'an answer passes with at least this score; without it only scores of 0 and 1 say what passes',
    )
    .option(
      '--metric <name>',
      'the main metric, which the verdict is about (default: judge_score, else the first score)',
    )
    .option('--report <file>', 'write the figures as a page, too')
    .option('--json', 'print every figure as JSON')
    .action(async (paths: string[], { baseline, order, passScore, metric, report, json }: Options) => {
      const summary = await compareStored(paths, {
        ...(baseline === undefined ? {} : { baseline }),
        ...(order === undefined ? {} : { order: order.split(',').map((name) => name.trim()) }),
        ...(passScore === undefined ? {} : { passScore: scoreOf(passScore) }),
        ...(metric === undefined ? {} : { mainMetric: metric }),
        now: systemClock.date(),
      });
      if (report !== undefined) await writeEvaluationReport(report, summary);
      io.out.write(json ? `${JSON.stringify(summary)}\n` : await evaluationTables(summary));
      if (report !== undefined) io.err.write(`Wrote ${report}.\n`);
    });
}

/** Writes the page of an evaluation, whole or not at all. */
export async function writeEvaluationReport(file: string, summary: EvaluationSummary): Promise<void> {
  const { renderEvaluation } = await import('@touchstone/studio');
  await writeWhole(file, renderEvaluation(summary));
}

function scoreOf(text: string): number {
  const score = Number(text);
  if (text.trim() !== '' && score > 0 && score <= 1) return score;
  throw new InputError([{ message: `--pass-score: expected a number above 0 and up to 1, got "${text}"` }]);
}
