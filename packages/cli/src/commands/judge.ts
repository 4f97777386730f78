import { assertGatePassed } from '@touchstone/lab';
import {
  budgetWarnings,
  examineJudge,
  loadExaminationConfig,
  missingReference,
  openExamination,
  planExamination,
  type Examination,
  type ExaminationConfig,
  type ExaminationResult,
  type Loaded,
  type PhaseCost,
} from '@touchstone/run';
import { easedText, GATE_VERDICTS, notAskedLines } from '@touchstone/spec';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { findingsTable } from './findings-table.js';
import { registerJudgeAlign } from './judge-align.js';
import { costText, planTable } from './judge-plan.js';
import { registerJudgeQuickstart } from './judge-quickstart.js';
import { registerJudgeLabel } from './judge-label.js';
import { registerJudgeTest } from './judge-test.js';
import { writeJudgeReport } from './report.js';
import { addRunFlags, signingKey, withOpened, type RunFlags } from './run/flags.js';

interface JudgeFlags extends RunFlags {
  complete?: true;
  plan?: true;
  dev?: true;
}

/** `touchstone judge [config]` */
export function registerJudge(program: Command, io: Io): void {
  const command = addRunFlags(program.command('judge'))
    .description(
      'examine the judge only: is it fit to train against? Exit code 3 when that is not shown. ' +
        'What is cheapest is asked first, and nothing more once a finding has failed',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option('--complete', 'ask everything, even when a finding has failed by then')
    .option(
      '--dev',
      'examine on the labelled tasks for writing the judge (validation.dev_share): no certificate, and no look at the others',
    )
    .option('--plan', 'say about what it would cost, and ask nothing')
    .action(async (path: string, flags: JudgeFlags) => judge(await loadExaminationConfig(path), flags, io));
  registerJudgeLabel(command, io);
  registerJudgeTest(command, io);
  registerJudgeAlign(command, io);
  registerJudgeQuickstart(command, io);
}

async function judge(loaded: Loaded<ExaminationConfig>, flags: JudgeFlags, io: Io): Promise<void> {
  if (flags.plan) return plan(loaded, flags, io);
  const { result, report } = await withOpened(
    opening(flags),
    loaded,
    flags,
    io,
    async (examination, onEvent) => {
      warnOfReference(examination, io);
      if (!flags.json) {
        const phases = await planExamination(examination);
        io.err.write(`${examinationCost(phases)}\n`);
        warnOfBudget(examination, phases, io);
      }
      const result = await examineJudge(examination, {
        onEvent,
        signingKey: signingKey(io),
        complete: flags.complete,
      });
      return { result, report: await writeJudgeReport(examination, result) };
    },
  );
  io.out.write(
    flags.json ? `${JSON.stringify({ ...result, report })}\n` : `${findingsText(result)}Report: ${report}\n`,
  );
  assertGatePassed(result);
}

const opening =
  ({ dev }: JudgeFlags): typeof openExamination =>
  (loaded, folder) =>
    openExamination(loaded, folder, dev ? 'dev' : 'test');

async function plan(loaded: Loaded<ExaminationConfig>, flags: JudgeFlags, io: Io): Promise<void> {
  const { phases, tasks } = await withOpened(opening(flags), loaded, flags, io, async (examination) => {
    warnOfReference(examination, io);
    const phases = await planExamination(examination);
    warnOfBudget(examination, phases, io);
    return {
      phases,
      tasks: new Set(examination.data.labelled.map(({ task }) => task.id)).size,
    };
  });
  if (flags.json) {
    io.out.write(`${JSON.stringify(phases)}\n`);
    return;
  }
  io.out.write(
    `\n${planTable(phases)}\n${examinationCost(phases)}\n${tasks < FEW_TASKS ? fewLabels(tasks) : ''}`,
  );
}

function warnOfReference({ config, data }: Examination, io: Io): void {
  const tasks = [...data.labelled, ...data.regression].map(({ task }) => task);
  const missing = missingReference(config, tasks);
  if (missing !== undefined) io.err.write(`Warning: ${missing}.\n`);
}

function warnOfBudget({ config }: Examination, phases: readonly PhaseCost[], io: Io): void {
  for (const warning of budgetWarnings(config, phases)) io.err.write(`Warning: ${warning}.\n`);
}

/** With fewer labelled tasks the intervals of most judges are too wide for the default gate. */
const FEW_TASKS = 40;
const fewLabels = (tasks: number): string =>
  `Labels: ${tasks} tasks, which will hardly show that a judge is fit ("insufficient data"): label ${FEW_TASKS} or more, with several answers each.\n`;

const examinationCost = (phases: readonly PhaseCost[]): string =>
  costText(phases, 'undecided groups of probes are asked up to twice more. ');

function findingsText({ gate, findings, notAsked, certificate }: ExaminationResult): string {
  const skipped = notAskedLines(notAsked).map((line) => `${line}.\n`);
  if (notAsked.some(({ why }) => why !== 'budget')) skipped.push('With --complete everything is asked.\n');
  const eased = easedText(findings);
  const verdict = `${GATE_VERDICTS[gate]}${eased === null ? '' : `\n${eased}`}`;
  const proof =
    certificate.part === 'dev'
      ? 'No certificate: these are the answers to write the judge with.'
      : `${gate === 'passed' ? 'Certificate' : 'Record (no pass)'}: ${certificate.hash}`;
  return `\n${verdict}\n\n${findingsTable(findings)}\n${skipped.join('')}${proof}\n`;
}
