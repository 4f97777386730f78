import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  loadEvaluationConfig,
  openEvaluation,
  planEvaluation,
  runEvaluation,
  type Evaluation,
  type EvaluationOptions,
} from '@touchstone/run';
import { type Command, InvalidArgumentError } from 'commander';
import type { Io } from '../io.js';
import { writeEvaluationReport } from './compare.js';
import { oneLine } from '../terminal/text.js';
import { evaluationTables } from './compare/tables.js';
import { evaluationPlanText, planLine } from './eval/plan-text.js';
import { addRunFlags, withOpened, type RunFlags } from './run/flags.js';

type GivenAnswers = NonNullable<EvaluationOptions['answers']>;

interface EvalFlags extends RunFlags {
  plan?: true;
  answers?: GivenAnswers;
  order?: string;
}

/** `touchstone eval [config]` */
export function registerEval(program: Command, io: Io): void {
  addRunFlags(program.command('eval'), 'output of the configuration with -eval behind it')
    .description(
      'evaluate any number of models: those that are asked, models of this machine, stored answers, and those of a run. ' +
        'The same command again goes on where the last one stopped',
    )
    .argument(
      '[config]',
      'touchstone.yaml, or its folder (default: this one). With --answers none is read unless it is named, so nobody is asked',
    )
    .option(
      '--answers <name=file...>',
      "stored answers of a model: task lines with a response, chat logs, OpenAI's and Azure's evaluation files",
      collectAnswers,
    )
    .option('--order <a,b,c>', 'models that are checkpoints of one training, in order')
    .option('--plan', 'say about what it would cost, and ask nothing')
    .action((path: string | undefined, flags: EvalFlags) => evaluate(path, flags, io));
}

function collectAnswers(text: string, before: GivenAnswers = []): GivenAnswers {
  const [, name, file] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || file === undefined)
    throw new InvalidArgumentError('expected NAME=FILE, such as step-12=outputs/step-12.jsonl');
  return [...before, { name: name.trim(), file: file.trim() }];
}

async function evaluate(path: string | undefined, flags: EvalFlags, io: Io): Promise<void> {
  const storedOnly = flags.answers !== undefined;
  const loaded = await loadEvaluationConfig(path, { storedOnly });
  if (storedOnly && path === undefined && existsSync('touchstone.yaml'))
    io.err.write(
      'touchstone.yaml of this folder is not read, and nobody is asked. To have its judge score the answers: touchstone eval . --answers …\n',
    );
  const options = {
    ...(flags.answers ? { answers: flags.answers } : {}),
    ...(flags.order === undefined ? {} : { order: flags.order.split(',').map((name) => name.trim()) }),
  };
  const open = (opened: typeof loaded, folder: string): Promise<Evaluation> =>
    openEvaluation(opened, folder, options);
  await withOpened(open, loaded, flags, io, async (evaluation, onEvent) => {
    const plan = await planEvaluation(evaluation);
    if (flags.plan) {
      for (const remark of evaluation.remarks) io.err.write(`${oneLine(remark)}\n`);
      io.out.write(flags.json ? `${JSON.stringify(plan)}\n` : evaluationPlanText(plan));
      return;
    }
    if (!flags.json) io.err.write(planLine(plan));
    const summary = await runEvaluation(evaluation, { onEvent });
    const report = join(evaluation.folder, 'report.html');
    await writeEvaluationReport(report, summary);
    io.out.write(
      flags.json
        ? `${JSON.stringify(summary)}\n`
        : `${await evaluationTables(summary)}\nFigures: ${join(evaluation.folder, 'evaluation.json')}. Report: ${report}\n`,
    );
  });
}
