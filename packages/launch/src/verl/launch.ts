import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrawnStep, LaunchedJob, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { sha256, writeWhole } from '@touchstone/store';
import { stringify } from 'yaml';
import { isUnderWay, OutOfReachError, type RayJobs, type RayJobState } from '../ray/jobs.js';
import { GivenAnswers } from './answers.js';
import {
  answersFile,
  attemptFolder,
  attemptsOf,
  checkpointOf,
  checkpointsOf,
  endedSteps,
  stepToResume,
  writeAttempt,
  type Attempt,
} from './attempts.js';
import { clusterOf, environmentOf, pythonOf, quoted } from './cluster.js';
import { CONFIG } from './files.js';
import { longestPrompt } from './plan.js';
import { knownVersions } from './preflight.js';
import { resumeRewards, startRewards, type JobRewards } from './reward-server.js';
import { configOf } from './settings.js';
import { drawnStep, dumpOf, METRICS, MetricsReader, ROLLOUTS, type LoggedStep } from './steps.js';

const POLL_MS = 2000;
/** verl dumps answers in a thread of its own, beside the line of its logger. */
const DUMP_MS = 120_000;
/** A cluster may be out of reach so long before this command ends; the job does not. */
const SILENCE_MS = 900_000;
/** A job that is stopped ends within so long: Ray kills it after some seconds. */
const STOP_MS = 30_000;

/**
 * Sends the job to the cluster, or finds it there: at work, where an earlier command was killed, or done. One that has died is sent
 * again, and goes on from a checkpoint.
 *
 * @throws {RunError} it cannot be sent, or the folder holds the job of another run.
 */
export async function launch(job: TrainingJob): Promise<LaunchedJob> {
  const ray = clusterOf(job);
  const attempts = await attemptsOf(job);
  const last = attempts.at(-1);
  if (await isDone(job, attempts)) return launched({ job, ray, attempts, live: null, rewards: null });
  const state = last && (await ray.find(last.id));
  if (last && state && isUnderWay(state)) {
    const rewards = await resumeRewards(job, await GivenAnswers.open(answersFile(last)), last);
    return launched({ job, ray, attempts, live: last, rewards });
  }
  const number = (last?.number ?? 0) + 1;
  const folder = attemptFolder(job, number);
  const from = await stepToResume(job, attempts);
  await mkdir(join(folder, ROLLOUTS), { recursive: true });
  const rewards = await startRewards(job, await GivenAnswers.open(answersFile({ folder })));
  try {
    const attempt: Attempt = {
      version: 1,
      number,
      folder,
      run: job.run,
      id: `touchstone-${job.run}-${number}`,
      from,
      port: rewards.port,
      key_hash: sha256(rewards.key),
      versions: await knownVersions(job),
    };
    await writeWhole(join(folder, CONFIG), stringify(attemptConfig(job, attempt)));
    await writeAttempt(attempt);
    await ray.submit({
      id: attempt.id,
      entrypoint: `${quoted(pythonOf(job))} -m verl.trainer.main_ppo --config-dir ${quoted(folder)} --config-name verl`,
      env: { ...environmentOf(rewards), VERL_FILE_LOGGER_PATH: join(folder, METRICS), HYDRA_FULL_ERROR: '1' },
      cpus: job.workspace.config.training.ray?.entrypoint_num_cpus,
      gpus: job.workspace.config.training.ray?.entrypoint_num_gpus,
    });
    return launched({ job, ray, attempts: [...attempts, attempt], live: attempt, rewards });
  } catch (error) {
    await rewards.close();
    throw error;
  }
}

/** `verl.yaml` of an attempt: what is of the run, and where this one begins and writes. */
function attemptConfig(job: TrainingJob, { folder, from }: Attempt): ReturnType<typeof configOf> {
  const config = configOf(job, longestPrompt(job));
  return {
    ...config,
    trainer: {
      ...(config['trainer'] as object),
      rollout_data_dir: join(folder, ROLLOUTS),
      ...(from === 0
        ? { resume_mode: 'disable' }
        : { resume_mode: 'resume_path', resume_from_path: checkpointOf(job, from) }),
    },
    hydra: { run: { dir: folder }, output_subdir: null },
  };
}

/** Whether an earlier attempt has trained to the last step, whatever Ray still knows of it. */
async function isDone(job: TrainingJob, attempts: readonly Attempt[]): Promise<boolean> {
  const { steps } = job.workspace.config.training;
  if (!(await checkpointsOf(job)).includes(steps)) return false;
  let made = 0;
  for await (const { step } of endedSteps(job, attempts)) made = step;
  return made === steps;
}

interface Launched {
  job: TrainingJob;
  ray: RayJobs;
  attempts: readonly Attempt[];
  /** The one at work; null: it has ended long ago. */
  live: Attempt | null;
  rewards: JobRewards | null;
}

function launched({ job, ray, attempts, live, rewards }: Launched): LaunchedJob {
  const { steps } = job.workspace.config.training;
  let isOver = live === null;
  return {
    async *follow() {
      for await (const step of endedSteps(job, attempts)) {
        if (!live || step.step <= live.from) yield step;
      }
      if (!live || !rewards) return;
      yield* liveSteps(job, ray, live, rewards);
      isOver = true;
    },
    async fetch() {
      const folder = join(checkpointOf(job, steps), 'actor', 'huggingface');
      if (!isOver || !(await lstat(folder).catch(() => null))?.isDirectory()) {
        throw new RunError(
          `${folder} is not there: verl has not saved the weights of step ${steps}. Run the same command again`,
        );
      }
      return { folder, engine: { name: 'verl', versions: attempts.at(-1)!.versions } };
    },
    async close() {
      if (live && !isOver) await stop(ray, live);
      await rewards?.close();
    },
  };
}

/** Steps as verl writes them, until Ray says that the job has ended and all is read. */
async function* liveSteps(
  job: TrainingJob,
  ray: RayJobs,
  live: Attempt,
  rewards: JobRewards,
): AsyncGenerator<DrawnStep> {
  const { prompts_per_step, group_size } = job.workspace.config.training;
  const reader = new MetricsReader(live.folder);
  const waiting: { logged: LoggedStep; since: number }[] = [];
  let heard = performance.now();
  for (;;) {
    // Asked first: what it writes before it ends is read after.
    let state: RayJobState | null | 'unknown' = 'unknown';
    try {
      state = await ray.find(live.id);
      heard = performance.now();
    } catch (error) {
      if (!(error instanceof OutOfReachError) || performance.now() - heard > SILENCE_MS) throw error;
    }
    for await (const logged of reader.read()) waiting.push({ logged, since: performance.now() });
    while (waiting.length > 0) {
      const { logged, since } = waiting[0]!;
      const dumped = await dumpOf(live.folder, logged.step, prompts_per_step * group_size);
      if (dumped !== null) {
        waiting.shift();
        yield drawnStep(job, rewards.answers, logged, dumped);
      } else if (performance.now() - since > DUMP_MS) {
        throw new RunError(
          `verl has logged step ${logged.step}, and what it drew in it is not whole in ${join(live.folder, ROLLOUTS)}: ` +
            `expected ${prompts_per_step * group_size} answers. Some had no reward or were lost; look at the log of ${live.id}`,
        );
      } else break;
    }
    if (rewards.stopped()) throw rewards.stopped()!;
    if (state === null) throw failure(live, 'Ray does not know it any more: its head was started again, perhaps');
    if (state !== 'unknown' && !isUnderWay(state) && (waiting.length === 0 || state.status !== 'SUCCEEDED')) {
      if (state.status === 'SUCCEEDED') return;
      throw failure(live, `${state.status}: ${state.message ?? 'Ray does not say why'}`);
    }
    await sleep(POLL_MS);
  }
}

const failure = ({ id }: Attempt, what: string): RunError =>
  new RunError(
    `verl has stopped (Ray job ${id}): ${what}. Its log: ray job logs ${id}. ` +
      'Nothing is lost: mend it and run the same command again, which goes on from a checkpoint.',
  );

/** Ends a job, and waits until it has. */
async function stop(ray: RayJobs, { id }: Attempt): Promise<void> {
  await ray.stop(id);
  for (let left = STOP_MS; left > 0; left -= POLL_MS) {
    const state = await ray.find(id);
    if (!state || !isUnderWay(state)) return;
    await sleep(POLL_MS);
  }
}
