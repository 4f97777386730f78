import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { z } from 'zod';
import { parseOrNull } from '../json.js';
import { isUnderWay, type RayJobState } from '../ray/jobs.js';
import { lastLines } from '../trl/preflight.js';
import { GivenAnswers } from './answers.js';
import { attemptsOf } from './attempts.js';
import { clusterOf, environmentOf, pythonOf, quoted } from './cluster.js';
import { CHECK } from './files.js';
import { startRewards } from './reward-server.js';

/** What this was written for and is tested with. */
export const VERL = '0.9.1';
const INSTALL = `-m pip install "verl[vllm]==${VERL}"`;
/** Loading PyTorch and verl from a slow disk takes long. */
const LIMIT_MS = 900_000;
const POLL_MS = 2000;
const FOUND = 'check.json';

const checkSchema = z.object({
  versions: z.record(z.string(), z.string()),
  /** Of each machine of the cluster. */
  gpus: z.array(z.int()),
  problems: z.array(z.string()),
  rewards: z.array(z.number()),
});
export type Check = z.output<typeof checkSchema>;

/** What the last check found to be installed on the cluster; nothing where there was none. */
export async function knownVersions(job: Pick<TrainingJob, 'folder'>): Promise<Record<string, string>> {
  const text = await readFile(join(job.folder, FOUND), 'utf8').catch(() => '');
  const { success, data } = checkSchema.safeParse(parseOrNull(text));
  return success ? data.versions : {};
}

/**
 * Runs `check.py` as a job of the cluster, with the reward server that it will ask. Nothing is paid for. Where the job is at work, it is
 * not looked at.
 */
export async function preflight(job: TrainingJob): Promise<Finding[]> {
  const ray = clusterOf(job);
  try {
    const last = (await attemptsOf(job)).at(-1);
    const state = last && (await ray.find(last.id));
    if (state && isUnderWay(state)) return [ok('verl', `at work on this run, Ray job ${state.submission_id}`)];
    const { ray: version } = await ray.version();
    const id = `touchstone-${job.run}-check-${randomBytes(4).toString('hex')}`;
    const rewards = await startRewards(job, GivenAnswers.forgetful());
    let said: string;
    let ended: RayJobState | null;
    try {
      await ray.submit({
        id,
        entrypoint: `${quoted(pythonOf(job))} ${quoted(join(job.folder, CHECK))}`,
        env: environmentOf(rewards),
      });
      ended = await untilEnded(() => ray.find(id));
      if (!ended) {
        await ray.stop(id);
        return [failed('verl', `${CHECK} did not end within ${LIMIT_MS / 60_000} minutes as the Ray job ${id}`)];
      }
      said = await ray.logs(id, 2 ** 20);
    } finally {
      await rewards.close();
    }
    const check = checkOf(said);
    if (!check) return [notSaid(job, said)];
    await writeWhole(join(job.folder, FOUND), `${JSON.stringify(check, null, 2)}\n`);
    return [ok('Ray', `${version} at ${ray.address}`), ...findingsOf(job, check)];
  } catch (error) {
    if (!RunError.is(error)) throw error;
    return [failed('Ray', error.message)];
  }
}

async function untilEnded(find: () => Promise<RayJobState | null>): Promise<RayJobState | null> {
  for (let left = LIMIT_MS; left > 0; left -= POLL_MS) {
    const state = await find();
    if (state && !isUnderWay(state)) return state;
    await sleep(POLL_MS);
  }
  return null;
}

/** The last line of what `check.py` has written; null: it is none of its. */
export function checkOf(said: string): Check | null {
  const line = said.split('\n').findLast((one) => one.startsWith('{"versions"'));
  const { success, data } = checkSchema.safeParse(parseOrNull(line ?? ''));
  return success ? data : null;
}

/** What a check has found, for people. */
export function findingsOf(job: TrainingJob, { versions, gpus, problems, rewards }: Check): Finding[] {
  const { verl = 'none', python = '?', ...others } = versions;
  const told = Object.entries({ Python: python, verl, ...others })
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const { nodes, gpus_per_node: each, rollout } = job.workspace.config.training.verl;
  const enough = gpus.filter((count) => count >= each).length;
  return [
    verl === VERL
      ? ok('verl', told)
      : warning('verl', `${told}; tried with verl ${VERL}: ${pythonOf(job)} ${INSTALL}`),
    ...problems.map((problem) => failed('verl', problem)),
    versions[rollout]
      ? ok('verl: rollout', `${rollout} ${versions[rollout]}`)
      : failed('verl: rollout', `${pythonOf(job)} on the cluster has no ${rollout}: ${pythonOf(job)} ${INSTALL}`),
    rewards.length > 0
      ? ok('verl: rewards', `${rewards.length} answers, there and back`)
      : failed('verl: rewards', 'no answer came back; see above'),
    enough >= nodes
      ? ok('verl: GPUs', `${gpus.join(', ')} on the machines of the cluster`)
      : failed(
          'verl: GPUs',
          `expected ${nodes} machine${nodes === 1 ? '' : 's'} with ${each} each (training.verl), the cluster has ${gpus.join(', ') || 'none'}`,
        ),
  ];
}

function notSaid(job: TrainingJob, said: string): Finding {
  const python = pythonOf(job);
  const [, module] = /ModuleNotFoundError: No module named '([^']+)'/.exec(said) ?? [];
  if (module !== undefined) return failed('verl', `${python} on the cluster has no ${module}: ${python} ${INSTALL}`);
  if (/can't open file|No such file/.test(said)) {
    return failed(
      'verl',
      `the cluster does not see ${job.folder}, or has no ${python} (${lastLines(said)}): the folder of the run must lie on a disk that is shared with it, ` +
        'under the same path (--out)',
    );
  }
  return failed('verl', `${python} ${CHECK} did not say what it found; it said: ${lastLines(said)}`);
}
