import { readFile } from 'node:fs/promises';
import { systemClock, type Clock } from '@touchstone/core';
import { RunError } from '@touchstone/spec';
import { lastLines, type Command, type Worker } from '../workers/worker.js';
import {
  isUnderWay,
  OutOfReachError,
  type RayJob,
  type RayJobs,
  type RayJobState,
  type RayOptions,
} from './jobs.js';

/** Ray is asked no more often: each question goes through the head's state. */
const LOOK_MS = 2000;
/** A job that waits, or a cluster that is out of reach, is told of after so long. */
const ALARM_MS = 60_000;
/** After so long without a word the command gives up; the job waits longer than that for whoever comes next. */
const GIVE_UP_MS = 3_600_000;
/** Ray gives a command 3 seconds after SIGTERM, unless its cluster says otherwise. */
const STOP_MS = 30_000;

/** The job that runs a command, whose folder the cluster sees. */
export function rayJobOf(
  id: string,
  { folder, program, args, env, log }: Command,
  {
    entrypoint_num_cpus: cpus,
    entrypoint_num_gpus: gpus,
  }: Pick<RayOptions, 'entrypoint_num_cpus' | 'entrypoint_num_gpus'>,
): RayJob {
  // Ray lets a command that keeps no cores compute on one.
  const threads = cpus === undefined ? 'unset OMP_NUM_THREADS && ' : '';
  const words = [program, ...args].map(quoted).join(' ');
  return {
    id,
    entrypoint: `cd ${quoted(folder)} && ${threads}exec ${words} >> ${quoted(log)} 2>&1`,
    env,
    cpus,
    gpus,
  };
}

/** Whether it is a job of this folder, and not of a copy of it. */
export const worksIn = ({ entrypoint }: Pick<RayJobState, 'entrypoint'>, folder: string): boolean =>
  entrypoint.startsWith(`cd ${quoted(folder)} && `);

/** A word for `sh`. */
export const quoted = (word: string): string =>
  /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * A job of a cluster as a worker. What cannot be asked is taken to be at work: a lost connection is no lost job.
 *
 * @param log the path of the file that takes what it prints.
 * @param alarm is told what somebody should look at, while the job goes on.
 */
export function workerOnRay(
  jobs: RayJobs,
  id: string,
  log: string,
  alarm: (text: string) => void,
  clock: Clock = systemClock,
): Worker {
  const name = `Ray job ${id}`;
  let state: RayJobState | 'unknown' | undefined;
  let looked = -Infinity;
  let heard = clock.now();
  const begun = clock.now();
  const told = new Set<string>();
  const tell = (about: string, text: string): void => {
    if (!told.has(about)) alarm(text);
    told.add(about);
  };
  const hasEnded = (): boolean => state === 'unknown' || (state !== undefined && !isUnderWay(state));

  async function look(): Promise<void> {
    if (hasEnded() || clock.now() - looked < LOOK_MS) return;
    looked = clock.now();
    try {
      state = (await jobs.find(id)) ?? 'unknown';
      heard = clock.now();
      told.delete('reach');
    } catch (error) {
      if (!(error instanceof OutOfReachError)) throw error;
      const silent = clock.now() - heard;
      if (silent > GIVE_UP_MS) {
        throw new RunError(
          `nothing is known of the ${name} for ${Math.round(silent / 60_000)} minutes: ${error.message}. It may go on, and waits for rewards: run the same command again`,
          { cause: error },
        );
      }
      if (silent > ALARM_MS) tell('reach', `${error.message}. The ${name} is taken to be at work`);
      return;
    }
    if (typeof state === 'object' && state.status === 'PENDING' && clock.now() - begun > ALARM_MS) {
      tell(
        'pending',
        `the ${name} waits: ${state.message ?? 'Ray does not say for what'} (on the head: ray status)`,
      );
    }
  }

  return {
    name,
    async isAlive() {
      await look();
      return !hasEnded();
    },
    async end(patienceMs) {
      const waited = async (ms: number): Promise<boolean> => {
        for (const until = clock.now() + ms; !hasEnded() && clock.now() < until;) {
          await clock.sleep(LOOK_MS / 4);
          await look();
        }
        return hasEnded();
      };
      try {
        if (await waited(patienceMs)) return;
        await jobs.stop(id);
        looked = -Infinity;
        await look();
        // One that waits for resources ends when it gets them.
        const isWaiting = typeof state === 'object' && state.status === 'PENDING';
        if (isWaiting || (await waited(STOP_MS))) return;
        alarm(`the ${name} was asked to end and has not: ray job stop ${id} --address ${jobs.address}`);
      } catch (error) {
        alarm(
          `the ${name} could not be ended (${(error as Error).message}). It waits for rewards until the same command is run again; ` +
            `to end it: ray job stop ${id} --address ${jobs.address}`,
        );
      }
    },
    async lastWords() {
      const text = await readFile(log, 'utf8').catch(() => '');
      const wrote = text.trim() === '' ? '' : `; the last that it wrote: ${lastLines(text)}`;
      return `${fate()}${wrote}`;
    },
  };

  function fate(): string {
    if (state === 'unknown') {
      return `Ray at ${jobs.address} knows no job ${id} any more: its head was started again, or somebody has deleted it`;
    }
    if (!state) return `Ray has said nothing of the job ${id}`;
    const { status, message } = state;
    return `Ray says ${status} of the job ${id}: ${lastLines(message ?? '')}`;
  }
}
