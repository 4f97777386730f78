import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DrawnStep, LaunchedJob, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { stringify } from 'yaml';
import { answersOfStep, longestPrompt, taskLines } from '../job-files.js';
import { startOrFind, type AtWork } from '../workers/start.js';
import { logFile } from '../workers/worker.js';
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
import { commandOf, gatheringOf } from './command.js';
import { CONFIG } from './files.js';
import { knownVersions } from './preflight.js';
import { verlReward } from './rewards.js';
import { configOf } from './settings.js';
import { drawnStep, dumpOf, METRICS, MetricsReader, ROLLOUTS, type LoggedStep } from './steps.js';

const POLL_MS = 1000;
/** verl dumps answers in a thread of its own, beside the line of its logger. */
const DUMP_MS = 120_000;
/** After its last step a worker has so long to end by itself. */
const LAST_BREATH_MS = 120_000;

/**
 * Starts verl on the cluster, or finds it: at work, where an earlier command was killed, or done. One that has died is started again, and
 * goes on from a checkpoint.
 *
 * @throws {RunError} it cannot be started, or the folder holds the job of another run.
 */
export async function launch(job: TrainingJob): Promise<LaunchedJob> {
  const before = await attemptsOf(job);
  if (await isDone(job, before)) return launched({ job, attempts: before, live: null });
  let stopped: RunError | undefined;
  // Which attempt asks is known when it is started, or found.
  let ready!: (answers: GivenAnswers) => void;
  const reward = new Promise<GivenAnswers>((resolve) => (ready = resolve)).then((answers) =>
    verlReward(job, answers, (error) => (stopped ??= error)),
  );
  const serving = {
    ...job,
    reward: { score: async (...asked) => (await reward).score(...asked) },
  } satisfies TrainingJob;
  const atWork = await startOrFind(
    serving,
    before.at(-1)?.number ?? 0,
    async (rewards, number) => {
      const folder = attemptFolder(job, number);
      const from = await stepToResume(job, before);
      const attempt: Attempt = {
        version: 1,
        number,
        folder,
        run: job.run,
        from,
        versions: await knownVersions(job),
      };
      await mkdir(join(folder, ROLLOUTS), { recursive: true });
      await writeWhole(join(folder, CONFIG), stringify(attemptConfig(job, attempt)));
      await writeAttempt(attempt);
      return commandOf(
        job,
        ['-m', 'verl.trainer.main_ppo', '--config-dir', folder, '--config-name', 'verl'],
        rewards,
        {
          log: logFile(number),
          env: { VERL_FILE_LOGGER_PATH: join(folder, METRICS), HYDRA_FULL_ERROR: '1' },
        },
      );
    },
    gatheringOf(job),
  );
  const attempts = await attemptsOf(job);
  const attempt = attempts.find(({ number }) => number === atWork.attempt);
  if (!attempt) {
    await atWork.rewards.close();
    throw new RunError(
      `${attemptFolder(job, atWork.attempt)} is missing, of the job that is at work (${atWork.worker.name}): end it, and run the same command again`,
    );
  }
  const answers = await GivenAnswers.open(answersFile(attempt));
  ready(answers);
  return launched({ job, attempts, live: { ...atWork, attempt, answers, stopped: () => stopped } });
}

/** `verl.yaml` of an attempt: what is of the run, and where this one begins and writes. */
function attemptConfig(job: TrainingJob, { folder, from }: Attempt): ReturnType<typeof configOf> {
  const config = configOf(job, longestPrompt(taskLines(job)));
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

/** Whether training has come to the last step, with its weights. */
async function isDone(job: TrainingJob, attempts: readonly Attempt[]): Promise<boolean> {
  const { steps } = job.workspace.config.training;
  if (!(await checkpointsOf(job)).includes(steps)) return false;
  let made = 0;
  for await (const { step } of endedSteps(job, attempts)) made = step;
  return made === steps;
}

/** What is at work. */
interface Live extends Omit<AtWork, 'attempt'> {
  attempt: Attempt;
  answers: GivenAnswers;
  /** Why it must not go on; undefined: it may. */
  stopped(): RunError | undefined;
}

function launched({
  job,
  attempts,
  live,
}: {
  job: TrainingJob;
  attempts: readonly Attempt[];
  live: Live | null;
}): LaunchedJob {
  const { steps } = job.workspace.config.training;
  let isOver = live === null;
  return {
    async *follow() {
      const ended = live ? attempts.filter(({ number }) => number < live.attempt.number) : attempts;
      for await (const step of endedSteps(job, ended)) {
        // What the one at work makes again is not what training went on from.
        if (!live || step.step <= live.attempt.from) yield step;
      }
      if (!live) return;
      yield* liveSteps(job, live);
      if (!(await checkpointsOf(job)).includes(steps)) {
        throw failure(job, live, `it ended before step ${steps} was saved; ${await live.worker.lastWords()}`);
      }
      isOver = true;
    },
    async fetch() {
      const folder = join(checkpointOf(job, steps), 'actor', 'huggingface');
      if (!isOver || !(await lstat(folder).catch(() => null))?.isDirectory()) {
        throw new RunError(
          `${folder} is not there: verl has not saved the weights of step ${steps}. Run the same command again`,
        );
      }
      return { folder, engine: { name: 'verl', versions: attempts.at(-1)!.versions, hosted: null } };
    },
    async close() {
      await live?.worker.end(isOver ? LAST_BREATH_MS : 0);
      await live?.rewards.close();
    },
  };
}

/** Steps as verl writes them, until the last one, or until it has ended. */
async function* liveSteps(job: TrainingJob, live: Live): AsyncGenerator<DrawnStep> {
  const { config } = job.workspace;
  const { steps } = config.training;
  const { attempt, answers, worker } = live;
  const reader = new MetricsReader(attempt.folder);
  const waiting: { logged: LoggedStep; since: number }[] = [];
  for (;;) {
    // Asked first: what it writes before it ends is read after.
    const alive = await worker.isAlive();
    for await (const logged of reader.read()) waiting.push({ logged, since: performance.now() });
    while (waiting[0]) {
      const { logged, since } = waiting[0];
      const dumped = await dumpOf(attempt.folder, logged.step, answersOfStep(config));
      if (dumped !== null) {
        waiting.shift();
        yield drawnStep(job, answers, logged, dumped);
        if (logged.step === steps) return;
      } else if (!alive || performance.now() - since > DUMP_MS) {
        throw failure(
          job,
          live,
          `it has logged step ${logged.step}, and what it drew in it is not whole in ${join(attempt.folder, ROLLOUTS)}: ` +
            `expected ${answersOfStep(config)} answers; some had no reward, or were lost`,
        );
      } else break;
    }
    const stopped = live.stopped();
    if (stopped) throw stopped;
    if (!alive) throw failure(job, live, await worker.lastWords());
    await sleep(POLL_MS);
  }
}

const failure = ({ folder }: TrainingJob, { attempt }: Live, what: string): RunError =>
  new RunError(
    `verl has stopped: ${what}. Its log is ${join(folder, logFile(attempt.number))}. ` +
      'Nothing is lost: mend it and run the same command again, which goes on from a checkpoint.',
  );
