import { InputError, RunError } from '@touchstone/spec';
import type { Command } from 'commander';
import {
  type Finding,
  type Loaded,
  type ScoringConfig,
  type Speed,
  examineAccess,
  examineConfig,
  examineMachine,
  examineOnline,
  examineTraining,
  loadConfig,
  measureSpeed,
} from '@touchstone/run';
import { BACKENDS, examineAws, examineEvent, readEvent } from '@touchstone/launch';
import type { Io } from '../io.js';
import { createProgress, showEvents } from '../terminal/progress.js';
import { renderTable } from '../terminal/table.js';
import { speedText } from './doctor/speed-text.js';

interface DoctorFlags {
  aws?: true;
  template?: string;
  recipe?: string;
  event?: string;
  online?: true;
  speed?: true;
  json?: true;
}

/** `touchstone doctor [config]` */
export function registerDoctor(program: Command, io: Io): void {
  program
    .command('doctor')
    .description('check that this machine can run Touchstone, and a configuration if one is named')
    .argument('[config]', 'a touchstone.yaml, or its folder; with an option: touchstone.yaml')
    .option(
      '--aws',
      'check also what training in AWS needs: the Lambda function, its roles, the training data',
    )
    .option('--template <file>', 'with --aws: the template that is deployed, in place of the one we make')
    .option('--recipe <file>', 'with --aws: the SageMaker recipe that trains against the function')
    .option('--event <file>', 'check that the reward understands an event of AWS')
    .option('--online', 'ask every model of the judge one tiny question')
    .option(
      '--speed',
      'measure this machine for a minute, and with a configuration its models, and say how long its run will take',
    )
    .option('--json', 'print the result as JSON')
    .action((config: string | undefined, flags: DoctorFlags) => doctor(config, flags, io));
}

async function doctor(named: string | undefined, flags: DoctorFlags, io: Io): Promise<void> {
  // Speed says something without a configuration, too.
  const { json, speed: _, ...needing } = flags;
  const path = named ?? (Object.keys(needing).length > 0 ? 'touchstone.yaml' : undefined);
  let findings = await examineMachine();
  let speed: Speed | undefined;
  try {
    if (path !== undefined) findings = [...findings, ...(await examineNamed(path, flags, io))];
    speed = await measured(findings, path, flags, io);
  } catch (error) {
    // A wrong configuration is its own message, with a place and exit code 2; the machine comes first.
    report(findings, json, io);
    throw error;
  }
  report(findings, json, io, speed);
}

async function examineNamed(path: string, flags: DoctorFlags, io: Io): Promise<Finding[]> {
  const { loaded, findings } = await examineConfig(path);
  const isForAws = flags.aws || flags.template !== undefined || flags.recipe !== undefined;
  return [
    ...findings,
    ...(await trainer(path, loaded)),
    ...(isForAws ? await examineAws(loaded, flags) : []),
    ...(flags.event === undefined ? [] : examineEvent(await readEvent(flags.event), loaded.config)),
    ...(flags.online ? await examineOnline(loaded, io.env) : await examineAccess(loaded, io.env)),
  ];
}

/** What another trainer needs; whether a configuration can train at all has been said before. */
async function trainer(path: string, { config }: Loaded<ScoringConfig>): Promise<Finding[]> {
  if (config.training.backend === 'embedded' || !config.policy || !config.data?.train) return [];
  const loaded = await loadConfig(path).catch(toldAlready);
  return loaded ? examineTraining(loaded, BACKENDS) : [];
}

const isBad = ({ level }: Finding): boolean => level === 'failed';

/** What is missing for training is a warning above; the machine has its speed all the same. */
function toldAlready(error: unknown): undefined {
  if (!InputError.is(error)) throw error;
}

/** What does not run has no speed. */
async function measured(
  findings: readonly Finding[],
  path: string | undefined,
  { speed, json }: DoctorFlags,
  io: Io,
): Promise<Speed | undefined> {
  if (!speed || findings.some(isBad)) return undefined;
  const loaded = path === undefined ? undefined : await loadConfig(path).catch(toldAlready);
  const progress = json ? undefined : createProgress(io.err);
  try {
    return await measureSpeed(loaded, progress && { onEvent: showEvents(progress) });
  } finally {
    progress?.stop();
  }
}

/** @throws {RunError} naming the checks that failed. */
function report(findings: readonly Finding[], json: true | undefined, io: Io, speed?: Speed): void {
  if (json) {
    const checks = findings.map((finding) => ({ ...finding, ok: finding.level !== 'failed' }));
    io.out.write(`${JSON.stringify({ checks, speed })}\n`);
  } else {
    const words = { ok: 'ok', warning: 'warning', failed: 'FAILED' };
    const rows = findings.map(({ what, level, detail }) => [words[level], what, detail]);
    io.out.write(renderTable([{ title: '' }, { title: 'check' }, { title: 'found' }], rows));
    if (speed) io.out.write(`\n${speedText(speed)}`);
  }
  const bad = findings.filter(isBad);
  if (bad.length > 0) throw new RunError(`not ready: ${bad.map(({ what }) => what).join(', ')}`);
}
