import { lstat, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DrawnStep, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { z } from 'zod';
import { answersOfStep } from '../job-files.js';
import { parseOrNull } from '../json.js';
import { GivenAnswers } from './answers.js';
import { drawnStep, dumpOf, MetricsReader } from './steps.js';

/*
 * Each time that a job is started is an attempt, with a folder of its own: `attempt-N/`. verl empties the file of its logger when it starts.
 */

const attemptSchema = z.strictObject({
  version: z.literal(1),
  run: z.string(),
  /** The step whose checkpoint it went on from; 0: the policy. */
  from: z.int().nonnegative(),
  /** What the cluster had installed. */
  versions: z.record(z.string(), z.string()),
});
type AttemptRecord = z.output<typeof attemptSchema>;

/** One that was started, or was to be. */
export interface Attempt extends AttemptRecord {
  number: number;
  folder: string;
}

const RECORD = 'attempt.json';
const CHECKPOINTS = 'checkpoints';

export const attemptFolder = (job: Pick<TrainingJob, 'folder'>, number: number): string =>
  join(job.folder, `attempt-${number}`);

/** Written before the job is started: where it goes on from is known as long as it writes. */
export async function writeAttempt({ number: _, folder, ...record }: Attempt): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`);
}

/**
 * Those of a run, in their order.
 *
 * @throws {RunError} one is of another run, or is damaged: what trained then is not known.
 */
export async function attemptsOf(job: Pick<TrainingJob, 'folder' | 'run'>): Promise<Attempt[]> {
  const numbers = (await readdir(job.folder))
    .flatMap((name) => /^attempt-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  const attempts: Attempt[] = [];
  for (const number of numbers) {
    const folder = attemptFolder(job, number);
    const text = await readFile(join(folder, RECORD), 'utf8').catch(() => null);
    // Nothing is started before it is written.
    if (text === null) continue;
    const { success, data } = attemptSchema.safeParse(parseOrNull(text));
    if (success && data.run === job.run) attempts.push({ ...data, number, folder });
    else {
      throw new RunError(
        `${join(folder, RECORD)} is ${success ? `of another run (${data.run}): expected ${job.run}` : 'damaged'}. ` +
          'Restore the whole folder from a copy, or choose another one with --out.',
      );
    }
  }
  return attempts;
}

/** The last step of each attempt that training went on from: what a later one has made again counts in its place. */
const lastOf = (attempts: readonly Attempt[], i: number): number =>
  attempts.slice(i + 1).reduce((least, { from }) => Math.min(least, from), Infinity);

/**
 * The steps of attempts that have ended, as far as verl has written them whole.
 *
 * @throws {RunError} what it has written is not what it was given.
 */
export async function* endedSteps(job: TrainingJob, attempts: readonly Attempt[]): AsyncGenerator<DrawnStep> {
  for (const [i, attempt] of attempts.entries()) {
    const answers = await GivenAnswers.open(answersFile(attempt));
    for await (const logged of new MetricsReader(attempt.folder).read()) {
      if (logged.step > lastOf(attempts, i)) break;
      const dumped = await dumpOf(attempt.folder, logged.step, answersOfStep(job.workspace.config));
      if (dumped === null) break;
      yield drawnStep(job, answers, logged, dumped);
    }
  }
}

export const answersFile = ({ folder }: Pick<Attempt, 'folder'>): string => join(folder, 'answers.jsonl');

/** The folder of a step's checkpoint, as verl calls it. */
export const checkpointOf = (job: Pick<TrainingJob, 'folder'>, step: number): string =>
  join(job.folder, CHECKPOINTS, `global_step_${step}`);

/** The steps whose checkpoints verl has written whole, newest first: it notes a number when the checkpoint is on the disk. */
export async function checkpointsOf(job: Pick<TrainingJob, 'folder'>): Promise<number[]> {
  const noted = await readFile(
    join(job.folder, CHECKPOINTS, 'latest_checkpointed_iteration.txt'),
    'utf8',
  ).catch(() => '');
  if (!/^\d+\s*$/.test(noted)) return [];
  const names = await readdir(join(job.folder, CHECKPOINTS));
  const steps = names.flatMap((name) => /^global_step_(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const whole = await Promise.all(
    steps.map(async (step) => {
      // Of an old one verl removes the weights and leaves the folder.
      const actor = await lstat(join(checkpointOf(job, step), 'actor')).catch(() => null);
      return step <= Number(noted) && actor?.isDirectory() ? [step] : [];
    }),
  );
  return whole.flat().sort((a, b) => b - a);
}

/**
 * The step to go on from: that of the newest checkpoint of which every step is known. verl saves before it writes what it has drawn, so
 * that one that is killed in between leaves a checkpoint of a step that nobody can report.
 */
export async function stepToResume(job: TrainingJob, attempts: readonly Attempt[]): Promise<number> {
  const known = new Set<number>();
  for await (const { step } of endedSteps(job, attempts)) known.add(step);
  let made = 0;
  while (known.has(made + 1)) made++;
  return (await checkpointsOf(job)).find((step) => step <= made) ?? 0;
}
