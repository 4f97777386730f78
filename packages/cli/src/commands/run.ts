import { join } from 'node:path';
import { checkpointText, inRegistryOrder, type Comparison, type Summary } from '@touchstone/spec';
import type { Command } from 'commander';
import { ASSUMED_LATENCY, BACKENDS, fleetPlanOf, planPage } from '@touchstone/launch';
import {
  loadConfig,
  openWorkspace,
  planTraining,
  runPipeline,
  systemClock,
  type LoadedConfig,
} from '@touchstone/run';
import { writeWhole } from '@touchstone/store';
import { isHosted } from '@touchstone/train/schema';
import type { Io } from '../io.js';
import { renderTable } from '../terminal/table.js';
import { difference, duration, figure } from '../terminal/text.js';
import { writeReport } from './report.js';
import { addRunFlags, signingKey, withOpened, type RunFlags } from './run/flags.js';
import { trainingPlanText } from './run/plan-text.js';

/** `touchstone run [config]` */
export function registerRun(program: Command, io: Io): void {
  addTrainingFlags(addRunFlags(program.command('run')))
    .description(
      'the main job: judge and gate, baseline, training, evaluation, report. ' +
        'The same command again goes on where the last one stopped',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option(
      '--plan',
      "write the trainer's files, say what training would take and what became of each setting, and start nothing",
    )
    .action(async (path: string, flags: RunFlags & { plan?: true }) => {
      const loaded = await loadConfig(path);
      return flags.plan ? plan(loaded, flags, io) : run(loaded, flags, io);
    });
}

/** A reason for all runs of a machine on which judges are not the matter. */
const NO_GATE_VARIABLE = 'TOUCHSTONE_NO_GATE';

/** Why to train although the judge is not shown to be fit. */
export function addTrainingFlags(command: Command): Command {
  return command
    .option(
      '--override-gate <reason>',
      'train although the gate has not passed; the reason goes into the report',
    )
    .option(
      '--no-gate <reason>',
      `train although the gate is off, or there is nothing to examine the judge on; the reason goes into the report. Default: ${NO_GATE_VARIABLE}`,
    )
    .option(
      '--go-on <reason>',
      'go on although a monitor has paused the training; the reason goes into the report',
    );
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
      summary: await runPipeline(workspace, {
        onEvent,
        backends: BACKENDS,
        signingKey: signingKey(io),
        goOn: flags.goOn,
        reasons: {
          override: flags.overrideGate,
          noGate: typeof flags.gate === 'string' ? flags.gate : io.env[NO_GATE_VARIABLE],
        },
      }),
    }),
  );
  const report = await writeReport(folder, summary);
  if (flags.json) {
    io.out.write(`${JSON.stringify({ summary: join(folder, 'summary.json'), report })}\n`);
    return;
  }
  const { verdict } = await import('@touchstone/studio');
  io.out.write(`\n${resultTable(summary)}\n`);
  io.out.write(`Every figure: mean [95 % interval], over ${summary.data.eval_tasks} held-out tasks.\n`);
  const { checkpoint } = summary.training;
  if (checkpoint) io.out.write(`RFT: ${checkpointText(checkpoint)}\n`);
  for (const { sentence } of verdict(summary.comparisons).readings) io.out.write(`${sentence}\n`);
  io.out.write(`Took ${duration((systemClock.seconds() - begun) * 1000)}. Report: ${report}\n`);
}

async function plan(loaded: LoadedConfig, flags: RunFlags, io: Io): Promise<void> {
  const planned = await withOpened(openWorkspace, loaded, flags, io, (workspace) =>
    planTraining(workspace, BACKENDS),
  );
  if (planned.folder !== null) await writeWhole(join(planned.folder, 'plan.md'), planPage(planned));
  // The engine of this package asks the judge itself, and a cloud service asks a function.
  const { backend } = loaded.config.training;
  const asksServers = backend !== 'embedded' && !isHosted(backend);
  const fleet = asksServers ? await fleetPlanOf(loaded, ASSUMED_LATENCY) : null;
  io.out.write(
    flags.json
      ? `${JSON.stringify({ ...planned, fleet: fleet?.plan ?? null })}\n`
      : trainingPlanText(planned, fleet?.planText ?? null),
  );
}

/** The short table that a run ends with: the headline metrics of each model, and their paired differences. */
function resultTable({ models, comparisons }: Summary): string {
  const names = Object.values(models).flatMap(({ metrics }) => Object.keys(metrics));
  const columns = inRegistryOrder('model', names).flatMap(({ name, headline }) =>
    headline === undefined ? [] : [{ name, title: headline }],
  );
  const pairOf = ({ better, baseline }: Comparison): string => `${better} − ${baseline}`.toUpperCase();
  const differenceOf = (pair: string, name: string) =>
    comparisons.find((one) => one.metric === name && pairOf(one) === pair)?.difference;
  return renderTable(
    [{ title: 'model' }, ...columns],
    [
      ...Object.entries(models).map(([model, { metrics }]) => [
        model.toUpperCase(),
        ...columns.map(({ name }) => figure(metrics[name] ?? null)),
      ]),
      ...[...new Set(comparisons.map(pairOf))].map((pair) => [
        pair,
        ...columns.map(({ name }) => difference(differenceOf(pair, name) ?? null)),
      ]),
    ],
  );
}
