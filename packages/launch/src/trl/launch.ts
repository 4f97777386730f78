import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrawnStep, LaunchedJob, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { sha256, sha256OfFile } from '@touchstone/store';
import { attemptsIn, JournalReader, type Done, type StepLine } from './journal.js';
import { learnedOf } from './metrics.js';
import { SCRIPT } from './plan.js';
import { lastLines } from './preflight.js';
import { isAlive, readJob, startOf, writeJob, type JobRecord } from './process.js';
import { environmentOf, pythonOf } from './python.js';
import { resumeRewards, startRewards, type JobRewards } from './reward-server.js';

const POLL_MS = 200;
/** After its last line a process has so long to end by itself, and after a signal. */
const LAST_BREATH_MS = 10_000;

const logOf = (folder: string, attempt: number): string => join(folder, `log-${attempt}.txt`);

/**
 * Starts `train.py`, or finds it: at work, where an earlier command was killed, or done. One that has died is started again, and
 * goes on from its newest checkpoint.
 *
 * @throws {RunError} it cannot be started, or the folder holds the job of another run.
 */
export async function launch(job: TrainingJob): Promise<LaunchedJob> {
  const known = await readJob(job.folder, job.run);
  const done = await lastWord(job);
  if (done) return launched(job, { done, worker: null, rewards: null });
  if (known && isAlive(known)) {
    return launched(job, { done: null, worker: known, rewards: await resumeRewards(job, known) });
  }
  const attempt = 1 + Math.max(known?.attempt ?? 0, (await attemptsIn(job.folder)).at(-1) ?? 0);
  const rewards = await startRewards(job);
  try {
    const worker = await start(job, attempt, rewards);
    return launched(job, { done: null, worker, rewards });
  } catch (error) {
    await rewards.close();
    throw error;
  }
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

/** In a session of its own: what a terminal sends to this command is not for it, and it outlives a command that is killed. */
async function start(
  job: TrainingJob,
  attempt: number,
  rewards: JobRewards & { key: string },
): Promise<JobRecord> {
  const python = pythonOf(job);
  const log = openSync(logOf(job.folder, attempt), 'a');
  const child = spawn(python, [SCRIPT], {
    cwd: job.folder,
    env: { ...environmentOf(job, rewards), TOUCHSTONE_ATTEMPT: String(attempt) },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  try {
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  } catch (cause) {
    throw new RunError(
      `${python} cannot be started (${(cause as Error).message}): set training.trl.python to the Python in which TRL is installed`,
      { cause },
    );
  }
  child.unref();
  const { pid } = child;
  const record: JobRecord = {
    version: 1,
    run: job.run,
    attempt,
    pid: pid!,
    started: startOf(pid!) ?? 'ended at once',
    port: rewards.port,
    key_hash: sha256(rewards.key),
  };
  try {
    await writeJob(job.folder, record);
  } catch (error) {
    await end(record, 0);
    throw error;
  }
  return record;
}

interface State {
  done: Done | null;
  /** Null: it has ended long ago. */
  worker: JobRecord | null;
  rewards: JobRewards | null;
}

function launched(job: TrainingJob, state: State): LaunchedJob {
  let { done } = state;
  return {
    async *follow() {
      const attempts = await attemptsIn(job.folder);
      const { worker } = state;
      if (worker && !attempts.includes(worker.attempt)) attempts.push(worker.attempt);
      const made = await startsOf(job, attempts);
      for (const [i, attempt] of attempts.entries()) {
        // What a later attempt has made again is not what training went on from.
        const last = made.slice(i + 1).reduce((a, b) => Math.min(a, b), Infinity);
        const reader = new JournalReader(job.folder, job.run, attempt);
        for await (const line of attempt === worker?.attempt ? whileAlive(reader, worker) : reader.read()) {
          if ('step' in line && line.step <= last) yield drawnStep(line);
          else if ('done' in line) ({ done } = line);
          else if ('failed' in line && attempt === worker?.attempt) throw failure(job, worker, line.failed);
        }
      }
      if (worker && !done) {
        const log = await readFile(logOf(job.folder, worker.attempt), 'utf8').catch(() => '');
        throw failure(job, worker, `it ended without a word; the last that it wrote: ${lastLines(log)}`);
      }
    },
    async fetch() {
      if (!done) throw new RunError('TRL has not trained to the last step yet; run the same command again');
      const folder = join(job.folder, done.checkpoint);
      await assertWritten(folder, done.files);
      return { folder, engine: { name: 'trl', versions: done.versions } };
    },
    async close() {
      if (state.worker) await end(state.worker, done ? LAST_BREATH_MS : 0);
      await state.rewards?.close();
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

/** Lines as they are written, until the process has said its last word or has ended. */
async function* whileAlive(reader: JournalReader, worker: JobRecord): ReturnType<JournalReader['read']> {
  for (;;) {
    // Asked first: what it writes before it ends is read after.
    const alive = isAlive(worker);
    for await (const line of reader.read()) {
      yield line;
      if ('done' in line) return;
    }
    if (!alive) return;
    await sleep(POLL_MS);
  }
}

const failure = ({ folder }: TrainingJob, { attempt }: JobRecord, what: string): RunError =>
  new RunError(
    `TRL has stopped: ${what}. Its log is ${logOf(folder, attempt)}. ` +
      'Nothing is lost: mend it and run the same command again, which goes on from the newest checkpoint.',
  );

/** Ends a process and what it has started. @param patienceMs how long it may take to end by itself. */
async function end(worker: Pick<JobRecord, 'pid' | 'started'>, patienceMs: number): Promise<void> {
  const waited = async (ms: number): Promise<boolean> => {
    for (let left = ms; left > 0 && isAlive(worker); left -= POLL_MS) await sleep(POLL_MS);
    return !isAlive(worker);
  };
  if (await waited(patienceMs)) return;
  signal(worker.pid, 'SIGTERM');
  if (await waited(LAST_BREATH_MS)) return;
  signal(worker.pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    // Its whole group: with several GPUs it has processes of its own.
    process.kill(-pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

function drawnStep({ step, seconds, metrics, groups }: StepLine): DrawnStep {
  return {
    step,
    seconds,
    learned: learnedOf(metrics),
    loggedReward: metrics['reward'] ?? null,
    groups_P: groups.map((answers) => ({
      task: oneTask(answers, step),
      answers_G: answers.map(({ task: _, ...answer }) => answer),
    })),
  };
}

/** @throws {RunError} TRL has put answers to several tasks into one group. */
function oneTask(answers: StepLine['groups'][number], step: number): string {
  const [task] = new Set(answers.map((answer) => answer.task));
  if (answers.every((answer) => answer.task === task)) return task!;
  throw new RunError(`TRL has compared answers to different tasks with one another in step ${step}`);
}

/** @throws {RunError} naming the file that is not what the job wrote. */
async function assertWritten(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  const toDo = 'restore it from a copy, or delete the folder above it to train again';
  for (const [name, expected] of Object.entries(files)) {
    const file = join(folder, name);
    const found = await lstat(file).catch(() => null);
    if (!found?.isFile()) throw new RunError(`${file} is missing, which TRL has written: ${toDo}`);
    if ((await sha256OfFile(file)) !== expected)
      throw new RunError(`${file} is not what TRL has written: ${toDo}`);
  }
}
