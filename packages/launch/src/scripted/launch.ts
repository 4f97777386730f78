import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrawnStep, LaunchedJob, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { sha256OfFile } from '@touchstone/store';
import type { Scripted } from './scripted.js';
import { startOrFind, type AtWork } from '../workers/start.js';
import { logFile } from '../workers/worker.js';
import { attemptsIn, JournalReader, type Done, type StepLine } from './journal.js';
import { commandOf, SCRIPT } from './python.js';

const POLL_MS = 200;
/** After its last line a worker has so long to end by itself. */
const LAST_BREATH_MS = 10_000;

/**
 * Starts `train.py`, or finds it: at work, where an earlier command was killed, or done. One that has died is started again, and
 * goes on from its newest checkpoint.
 *
 * @throws {RunError} it cannot be started, or the folder holds the job of another run.
 */
export async function launch(job: TrainingJob, trainer: Scripted): Promise<LaunchedJob> {
  const done = await lastWord(job);
  if (done) return launched(job, trainer, { done, atWork: null });
  const made = (await attemptsIn(job.folder)).at(-1) ?? 0;
  const atWork = await startOrFind(job, made, (rewards, attempt) =>
    commandOf(job, trainer, [SCRIPT], rewards, {
      log: logFile(attempt),
      env: { TOUCHSTONE_ATTEMPT: String(attempt) },
    }),
  );
  return launched(job, trainer, { done: null, atWork });
}

/** What the last attempt ended with, where it has trained to the last step. */
async function lastWord(job: TrainingJob): Promise<Done | null> {
  const last = (await attemptsIn(job.folder)).at(-1);
  if (last === undefined) return null;
  for await (const line of new JournalReader(job.folder, job.run, last).read()) {
    if ('done' in line) return line.done;
  }
  return null;
}

interface State {
  done: Done | null;
  /** Null: it has ended long ago. */
  atWork: AtWork | null;
}

function launched(job: TrainingJob, trainer: Scripted, state: State): LaunchedJob {
  const { title } = trainer;
  let { done } = state;
  return {
    async *follow() {
      const attempts = await attemptsIn(job.folder);
      const { atWork } = state;
      if (atWork && !attempts.includes(atWork.attempt)) attempts.push(atWork.attempt);
      const made = await startsOf(job, attempts);
      for (const [i, attempt] of attempts.entries()) {
        // What a later attempt has made again is not what training went on from.
        const last = made.slice(i + 1).reduce((a, b) => Math.min(a, b), Infinity);
        const reader = new JournalReader(job.folder, job.run, attempt);
        for await (const line of attempt === atWork?.attempt ? whileAlive(reader, atWork) : reader.read()) {
          if ('step' in line && line.step <= last) yield drawnStep(line, job, trainer);
          else if ('done' in line) ({ done } = line);
          else if ('failed' in line && attempt === atWork?.attempt)
            throw failure(job, title, atWork, line.failed);
        }
      }
      if (atWork && !done) {
        throw failure(job, title, atWork, `it ended without a word; ${await atWork.worker.lastWords()}`);
      }
    },
    async fetch() {
      if (!done)
        throw new RunError(`${title} has not trained to the last step yet; run the same command again`);
      const folder = join(job.folder, done.checkpoint);
      await assertWritten(title, folder, done.files, job.folder);
      return { folder, engine: { name: trainer.name, versions: done.versions, hosted: null } };
    },
    async close() {
      const { atWork } = state;
      await atWork?.worker.end(done ? LAST_BREATH_MS : 0);
      await atWork?.rewards.close();
    },
  };
}

/** The steps that were made when each attempt began; Infinity where it has not said so. */
async function startsOf(job: TrainingJob, attempts: readonly number[]): Promise<number[]> {
  const made: number[] = [];
  for (const attempt of attempts) {
    let from = Infinity;
    for await (const line of new JournalReader(job.folder, job.run, attempt).read()) {
      if ('started' in line) ({ from } = line.started);
      break;
    }
    made.push(from);
  }
  return made;
}

/** Lines as they are written, until the worker has said its last word or has ended. */
async function* whileAlive(reader: JournalReader, { worker }: AtWork): ReturnType<JournalReader['read']> {
  for (;;) {
    // Asked first: what it writes before it ends is read after.
    const alive = await worker.isAlive();
    for await (const line of reader.read()) {
      yield line;
      if ('done' in line) return;
    }
    if (!alive) return;
    await sleep(POLL_MS);
  }
}

const failure = ({ folder }: TrainingJob, title: string, { attempt }: AtWork, what: string): RunError =>
  new RunError(
    `${title} has stopped: ${what}. Its log is ${join(folder, logFile(attempt))}. ` +
      'Nothing is lost: mend it and run the same command again, which goes on from the newest checkpoint.',
  );

function drawnStep(
  line: StepLine,
  { workspace }: TrainingJob,
  { title, learnedOf, loggedReward }: Scripted,
): DrawnStep {
  const { step, seconds, metrics, groups } = line;
  return {
    step,
    seconds,
    learned: learnedOf(metrics, workspace.config),
    loggedReward: loggedReward(line, workspace.config),
    groups_P: groups.map((answers) => ({
      task: oneTask(title, answers, step),
      answers_G: answers.map(({ task: _, ...answer }) => answer),
    })),
  };
}

/** @throws {RunError} it has put answers to several tasks into one group. */
function oneTask(title: string, answers: StepLine['groups'][number], step: number): string {
  const [task] = new Set(answers.map((answer) => answer.task));
  if (answers.every((answer) => answer.task === task)) return task!;
  throw new RunError(`${title} has compared answers to different tasks with one another in step ${step}`);
}

/** @throws {RunError} naming the file that is not what the job wrote. */
async function assertWritten(
  title: string,
  folder: string,
  files: Readonly<Record<string, string>>,
  jobFolder: string,
): Promise<void> {
  // The journal says that training is done: without it, it begins anew.
  const toDo = `restore it from a copy, or delete ${jobFolder} to train again`;
  for (const [name, expected] of Object.entries(files)) {
    const file = join(folder, name);
    const found = await lstat(file).catch(() => null);
    if (!found?.isFile()) throw new RunError(`${file} is missing, which ${title} has written: ${toDo}`);
    if ((await sha256OfFile(file)) !== expected)
      throw new RunError(`${file} is not what ${title} has written: ${toDo}`);
  }
}
