import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import { z } from 'zod';
import { parseOrNull } from '../json.js';
import { SCRIPT } from './plan.js';
import { isAlive, readJob } from './process.js';
import { environmentOf, pythonOf } from './python.js';
import { startRewards } from './reward-server.js';

/** What the script was written for and is tested with. */
const TRL = '1.16.0';
const INSTALL = `-m pip install trl==${TRL} torch datasets accelerate`;
/** Loading PyTorch and TRL from a slow disk takes long. */
const LIMIT_MS = 600_000;
const LAST_LINES = 5;

const checkSchema = z.object({
  versions: z.record(z.string(), z.string()),
  gpus: z.int(),
  problems: z.array(z.string()),
  weights: z.int().nullable(),
  rewards: z.array(z.object({ status: z.string(), reason: z.string() })),
});

/**
 * Runs `train.py --check` in the Python of the configuration, with the reward server that it will ask. Nothing is paid for. Where the
 * job is at work, it is not looked at: a second model in memory could end it.
 */
export async function preflight(job: TrainingJob): Promise<Finding[]> {
  const known = await readJob(job.folder, job.run);
  if (known && isAlive(known)) return [ok('TRL', `at work on this run, process ${known.pid}`)];
  const python = pythonOf(job);
  const rewards = await startRewards(job);
  let said: string;
  try {
    ({ stdout: said } = await promisify(execFile)(python, [SCRIPT, '--check'], {
      cwd: job.folder,
      env: environmentOf(job, rewards),
      timeout: LIMIT_MS,
      maxBuffer: 2 ** 26,
    }));
  } catch (error) {
    return [notStarted(python, error)];
  } finally {
    await rewards.close();
  }
  const check = checkSchema.safeParse(parseOrNull(said.trim().split('\n').at(-1) ?? ''));
  if (!check.success) {
    return [
      failed('TRL', `${python} ${SCRIPT} --check did not say what it found; it said: ${lastLines(said)}`),
    ];
  }
  return findingsOf(python, check.data);
}

function findingsOf(
  python: string,
  { versions, gpus, problems, weights, rewards }: z.output<typeof checkSchema>,
): Finding[] {
  const { trl = 'none', python: _, ...others } = versions;
  const told = Object.entries({ Python: versions['python'], TRL: trl, ...others })
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const unlike = rewards.find(({ status }) => status === 'failed');
  return [
    trl === TRL
      ? ok('TRL', told)
      : warning('TRL', `${told}; tried with TRL ${TRL}: ${python} -m pip install trl==${TRL}`),
    ...problems.map((problem) => failed('TRL', problem)),
    ...(weights === null
      ? []
      : [ok('TRL: policy and data', `read; ${weights.toLocaleString('en')} weights`)]),
    unlike
      ? failed('TRL: rewards', `${unlike.reason}`)
      : ok('TRL: rewards', `${rewards.length} answers, there and back`),
    gpus === 0
      ? warning('TRL: device', 'no GPU that PyTorch can use: it will train on the CPU')
      : ok('TRL: device', `${gpus} GPU${gpus === 1 ? '' : 's'}`),
  ];
}

function notStarted(python: string, error: unknown): Finding {
  const { code, stderr = '', killed } = error as { code?: unknown; stderr?: string; killed?: boolean };
  if (code === 'ENOENT' || code === 'EACCES') {
    return failed(
      'TRL',
      `${python} cannot be started (${code}): set training.trl.python to the Python in which TRL is installed`,
    );
  }
  const [, module] = /ModuleNotFoundError: No module named '([^']+)'/.exec(stderr) ?? [];
  if (module !== undefined) return failed('TRL', `${python} has no ${module}: ${python} ${INSTALL}`);
  if (killed)
    return failed('TRL', `${python} ${SCRIPT} --check did not end within ${LIMIT_MS / 60_000} minutes`);
  return failed('TRL', `${python} ${SCRIPT} --check failed: ${lastLines(stderr)}`);
}

/** The end of what a program has written, in a line. */
export const lastLines = (text: string): string =>
  text.trim().split('\n').slice(-LAST_LINES).join(' / ') || 'nothing';
