import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import type { Command } from 'commander';
import { ASSUMED_LATENCY, BACKENDS, fleetPlanOf, planPage } from '@touchstone/launch';
import {
  loadConfig,
  openTrainings,
  openWorkspace,
  planTraining,
  runPipeline,
  runTrainings,
  systemClock,
  type LoadedConfig,
  type RunOptions,
  type Seeds,
} from '@touchstone/run';
import { writeWhole } from '@touchstone/store';
import { isHosted } from '@touchstone/train/schema';
import type { Io } from '../io.js';
import { duration } from '../terminal/text.js';
import { writeReport } from './report.js';
import { addRunFlags, addSeedsFlag, signingKey, withOpened, type RunFlags } from './run/flags.js';
import { trainingPlanText } from './run/plan-text.js';
import { resultText, trainingsText } from './run/result-text.js';

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

/** How many trainings, and why to train although the judge is not shown to be fit. */
export function addTrainingFlags(command: Command): Command {
  return addSeedsFlag(command)
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
  const seeds = flags.seeds ?? loaded.config.seeds;
  const begun = systemClock.seconds();
  const options = {
    backends: BACKENDS,
    signingKey: signingKey(io),
    goOn: flags.goOn,
    reasons: {
      override: flags.overrideGate,
      noGate: typeof flags.gate === 'string' ? flags.gate : io.env[NO_GATE_VARIABLE],
    },
  };
  const ran = await (seeds === undefined
    ? runOne(loaded, flags, options, io)
    : runSeveral(loaded, seeds, flags, options, io));
  if (flags.json) {
    io.out.write(`${JSON.stringify(ran.json)}\n`);
    return;
  }
  io.out.write(await ran.text());
  io.out.write(`Took ${duration((systemClock.seconds() - begun) * 1000)}. Report: ${ran.json.report}\n`);
}

/** What is printed of a run that has ended. */
interface Ran {
  json: { summary: string; report: string };
  text(): Promise<string>;
}

async function runOne(loaded: LoadedConfig, flags: RunFlags, options: RunOptions, io: Io): Promise<Ran> {
  const { folder, summary } = await withOpened(
    openWorkspace,
    loaded,
    flags,
    io,
    async (workspace, onEvent) => ({
      folder: workspace.folder,
      summary: await runPipeline(workspace, { ...options, onEvent }),
    }),
  );
  const report = await writeReport(folder, summary);
  return { json: { summary: join(folder, 'summary.json'), report }, text: () => resultText(summary) };
}

async function runSeveral(
  loaded: LoadedConfig,
  seeds: Seeds,
  flags: RunFlags,
  options: RunOptions,
  io: Io,
): Promise<Ran> {
  const { folder, each, summary } = await withOpened(
    (seeded: LoadedConfig, at) => openTrainings(seeded, seeds, at),
    loaded,
    flags,
    io,
    async (trainings, onEvent) => {
      const each: { seed: number; summary: string; report: string }[] = [];
      const summary = await runTrainings(trainings, {
        ...options,
        onEvent,
        onTraining: async ({ folder, summary }) => {
          const report = await writeReport(folder, summary);
          each.push({ seed: summary.seed, summary: join(folder, 'summary.json'), report });
        },
      });
      return { folder: trainings.common.folder, each, summary };
    },
  );
  const report = await writeReport(folder, summary);
  const json = { summary: join(folder, 'summary.json'), report, trainings: each };
  return { json, text: () => trainingsText(summary) };
}

async function plan(loaded: LoadedConfig, flags: RunFlags, io: Io): Promise<void> {
  if (flags.seeds !== undefined) {
    throw new InputError([
      {
        message: '--plan is of one training, and each of several takes as much: expected it without --seeds',
      },
    ]);
  }
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
