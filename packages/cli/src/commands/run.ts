import { join, resolve } from 'node:path';
import { assertGatePassed, type ValidationResult } from '@touchstone/lab';
import { inRegistryOrder, type Estimate, type RunListener, type Summary } from '@touchstone/spec';
import { type Command, InvalidArgumentError } from 'commander';
import {
  examineJudge,
  loadConfig,
  loadExaminationConfig,
  openExamination,
  openWorkspace,
  runPipeline,
  systemClock,
  type ExaminationConfig,
  type Loaded,
  type LoadedConfig,
} from '@touchstone/run';
import type { Io } from '../io.js';
import { createProgress, showEvents } from '../terminal/progress.js';
import { renderTable } from '../terminal/table.js';
import { duration } from '../terminal/text.js';
import { writeReport } from './report.js';

export interface RunFlags {
  out?: string;
  seed?: number;
  overrideGate?: string;
  json?: true;
}

/** `touchstone run [config]` and `touchstone judge [config]` */
export function registerRun(program: Command, io: Io): void {
  addRunFlags(program.command('run'))
    .description(
      'the main job: baseline, judge validation and gate, training, evaluation, report. ' +
        'The same command again goes on where the last one stopped',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option('--override-gate <reason>', 'train although the gate said no; the reason goes into the report')
    .action(async (path: string, flags: RunFlags) => run(await loadConfig(path), flags, io));

  addRunFlags(program.command('judge'))
    .description('examine the judge only: is it fit to train against? Exit code 3 when the gate says no')
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .action(async (path: string, flags: RunFlags) => judge(await loadExaminationConfig(path), flags, io));
}

export function addRunFlags(command: Command): Command {
  return command
    .option('--out <folder>', "the run's folder; default: output of the configuration")
    .option('--seed <number>', 'in place of seed of the configuration', parseSeed)
    .option('--json', 'print the result as JSON, and no progress');
}

function parseSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 to 999999999');
  return Number(text);
}

/** Runs or resumes a configuration to its report, and prints what came out. */
export async function run(loaded: LoadedConfig, flags: RunFlags, io: Io): Promise<void> {
  const begun = systemClock.seconds();
  const { folder, summary } = await withOpened(
    openWorkspace,
    loaded,
    flags,
    io,
    async (workspace, onEvent) => ({
      folder: workspace.folder,
      summary: await runPipeline(workspace, { onEvent, overrideGate: flags.overrideGate }),
    }),
  );
  const report = await writeReport(folder, summary);
  if (flags.json) {
    io.out.write(`${JSON.stringify({ summary: join(folder, 'summary.json'), report })}\n`);
    return;
  }
  io.out.write(`\n${resultTable(summary)}\n`);
  io.out.write(`Every figure: mean [95 % interval], over ${summary.data.eval_tasks} held-out tasks.\n`);
  io.out.write(`Took ${duration((systemClock.seconds() - begun) * 1000)}. Report: ${report}\n`);
}

async function judge(loaded: Loaded<ExaminationConfig>, flags: RunFlags, io: Io): Promise<void> {
  const result = await withOpened(openExamination, loaded, flags, io, (examination, onEvent) =>
    examineJudge(examination, { onEvent }),
  );
  io.out.write(flags.json ? `${JSON.stringify(result)}\n` : findingsTable(result));
  assertGatePassed(result);
}

function findingsTable(result: ValidationResult): string {
  const rows = result.findings.map(({ name, estimate, threshold, outcome }) => [
    name,
    figure(estimate),
    String(estimate?.n ?? 0),
    threshold ? `${threshold.bound} ${threshold.value}` : '',
    outcome,
  ]);
  const columns = [
    { title: 'finding' },
    { title: 'estimate' },
    { title: 'n', align: 'right' as const },
    { title: 'gate' },
    { title: 'outcome' },
  ];
  return `\n${renderTable(columns, rows)}\nGate: ${result.gate}\n`;
}

/** Opens what a command works with in the run's folder, and closes it when the work has ended. */
async function withOpened<
  C extends { output: string; seed: number },
  W extends { store: { close(): void } },
  T,
>(
  open: (loaded: Loaded<C>, folder: string) => Promise<W>,
  { config, ...loaded }: Loaded<C>,
  flags: RunFlags,
  io: Io,
  work: (opened: W, onEvent: RunListener) => Promise<T>,
): Promise<T> {
  const folder = flags.out === undefined ? resolve(loaded.baseDir, config.output) : resolve(flags.out);
  const seeded = { ...config, seed: flags.seed ?? config.seed };
  const opened = await open({ ...loaded, config: seeded }, folder);
  const progress = flags.json ? undefined : createProgress(io.err);
  try {
    return await work(opened, progress ? showEvents(progress) : () => {});
  } finally {
    progress?.stop();
    opened.store.close();
  }
}

const figure = (estimate: Estimate | null): string =>
  estimate
    ? `${estimate.mean.toFixed(3)} [${estimate.low.toFixed(3)}, ${estimate.high.toFixed(3)}]`
    : 'no data';

/** The short table that a run ends with: the headline metrics. */
function resultTable({ models }: Summary): string {
  const names = Object.values(models).flatMap(({ metrics }) => Object.keys(metrics));
  const columns = inRegistryOrder('model', names).flatMap(({ name, headline }) =>
    headline === undefined ? [] : [{ name, title: headline }],
  );
  return renderTable(
    [{ title: 'model' }, ...columns],
    Object.entries(models).map(([model, { metrics }]) => [
      model.toUpperCase(),
      ...columns.map(({ name }) => figure(metrics[name] ?? null)),
    ]),
  );
}
