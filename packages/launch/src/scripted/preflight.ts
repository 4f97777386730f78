import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import { InputError, RunError } from '@touchstone/spec';
import { z } from 'zod';
import { parseOrNull } from '../json.js';
import { probeRay, type Ran } from '../ray/probe.js';
import { startRewards } from '../reward-server.js';
import type { Scripted } from './scripted.js';
import { rewardPlaceOf } from '../workers/site.js';
import { workerAtWork } from '../workers/start.js';
import { lastLines, type Command } from '../workers/worker.js';
import { commandOf, SCRIPT } from './python.js';

/** Loading PyTorch and TRL from a slow disk takes long. */
const LIMIT_MS = 600_000;
/** The check waits so long for rewards; a training waits for hours. */
const PATIENCE_SECONDS = 30;

const checkSchema = z.object({
  versions: z.record(z.string(), z.string()),
  gpus: z.int(),
  problems: z.array(z.string()),
  /** What may be trouble, and what is as it should be. */
  warnings: z.array(z.string()).default([]),
  notes: z.array(z.string()).default([]),
  rewards: z.array(z.object({ status: z.string(), reason: z.string() })),
  unreached: z.string().nullable(),
});

/**
 * Runs `train.py --check` in the Python of the configuration, here or on the Ray cluster, with the reward server that it will ask.
 * Nothing is paid for. Where the job is at work, it is not looked at: a second model in memory could end it.
 */
export async function preflight(job: TrainingJob, trainer: Scripted): Promise<Finding[]> {
  const { title } = trainer;
  const { ray } = job.workspace.config.training;
  try {
    const known = await workerAtWork(job);
    if (known) return [ok(title, `at work on this run, ${known.name}`)];
    const rewards = await startRewards(job, await rewardPlaceOf(ray));
    try {
      const command = commandOf(job, trainer, [SCRIPT, '--check'], rewards, {
        log: 'check.txt',
        env: { TOUCHSTONE_REWARD_TIMEOUT: String(PATIENCE_SECONDS) },
      });
      const { findings, ran } = ray
        ? await probeRay(ray, command, LIMIT_MS)
        : { findings: [], ran: await runHere(command) };
      return [...findings, ...(ran ? read(trainer, command.program, ran, ray !== undefined) : [])];
    } finally {
      await rewards.close();
    }
  } catch (error) {
    if (RunError.is(error) || InputError.is(error)) return [failed(ray ? 'Ray' : title, error.message)];
    throw error;
  }
}

async function runHere({ folder, program, args, env }: Command): Promise<Ran> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, {
      cwd: folder,
      env,
      timeout: LIMIT_MS,
      maxBuffer: 2 ** 26,
    });
    return { out: stdout, err: stderr, hasFailed: false };
  } catch (error) {
    const {
      code,
      stderr = '',
      stdout = '',
      killed,
    } = error as {
      code?: unknown;
      stderr?: string;
      stdout?: string;
      killed?: boolean;
    };
    const why = killed
      ? `it did not end within ${LIMIT_MS / 60_000} minutes`
      : code === 'ENOENT' || code === 'EACCES'
        ? `cannot be started (${code})`
        : '';
    return { out: stdout, err: [stderr, why].filter(Boolean).join('\n'), hasFailed: true };
  }
}

function read(trainer: Scripted, python: string, { out, err, hasFailed }: Ran, isRay: boolean): Finding[] {
  const where = isRay ? `${python}, on the Ray cluster,` : python;
  if (hasFailed) return [notDone(trainer, python, where, err)];
  const check = checkSchema.safeParse(parseOrNull(out.trim().split('\n').at(-1) ?? ''));
  if (check.success) return findingsOf(trainer, python, check.data, isRay);
  return [
    failed(trainer.title, `${where} ${SCRIPT} --check did not say what it found; it said: ${lastLines(out)}`),
  ];
}

function findingsOf(
  { title, package: name, version, withoutGpu }: Scripted,
  python: string,
  { versions, gpus, problems, warnings, notes, rewards, unreached }: z.output<typeof checkSchema>,
  isRay: boolean,
): Finding[] {
  const { [name]: own = 'none', python: _, ...others } = versions;
  const told = Object.entries({ Python: versions['python'], [title]: own, ...others })
    .map(([what, which]) => `${what} ${which}`)
    .join(', ');
  const unlike = rewards.find(({ status }) => status === 'failed');
  return [
    own === version
      ? ok(title, told)
      : warning(
          title,
          `${told}; tried with ${title} ${version}: ${python} -m pip install ${name}==${version}`,
        ),
    ...problems.map((problem) => failed(title, problem)),
    ...warnings.map((text) => warning(title, text)),
    ...notes.map((text) => ok(`${title}: policy and data`, text)),
    unreached !== null
      ? failed(`${title}: rewards`, `${unreached}${isRay ? REACH : ''}`)
      : unlike
        ? failed(`${title}: rewards`, `${unlike.reason}`)
        : ok(`${title}: rewards`, `${rewards.length} answers, there and back`),
    ...(gpus > 0
      ? [ok(`${title}: device`, `${gpus} GPU${gpus === 1 ? '' : 's'}`)]
      : withoutGpu === null
        ? []
        : [warning(`${title}: device`, withoutGpu)]),
  ];
}

const REACH =
  ': the machines of the cluster must reach this one; set training.ray.reward_host to the name or address that it has there, and look at firewalls';

/** The Python of the configuration has not got through the check. */
function notDone(
  { title, setting, install }: Scripted,
  python: string,
  where: string,
  said: string,
): Finding {
  // On a cluster it is a shell that cannot.
  const [, here, there] = /^cannot be started \((\w+)\)$|^sh: (?:line )?\d+: (.*)$/m.exec(said) ?? [];
  if (here !== undefined || there !== undefined) {
    return failed(
      title,
      `${where} cannot be started (${here ?? there}): set ${setting} to the Python in which ${title} is installed`,
    );
  }
  const [, module] = /ModuleNotFoundError: No module named '([^']+)'/.exec(said) ?? [];
  if (module !== undefined) return failed(title, `${where} has no ${module}: ${python} ${install}`);
  return failed(title, `${where} ${SCRIPT} --check failed: ${lastLines(said)}`);
}
