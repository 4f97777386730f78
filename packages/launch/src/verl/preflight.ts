import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import { InputError, RunError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { z } from 'zod';
import { parseOrNull } from '../json.js';
import { probeRay, type Ran } from '../ray/probe.js';
import { startRewards } from '../reward-server.js';
import { rewardPlaceOf } from '../workers/site.js';
import { workerAtWork } from '../workers/start.js';
import { lastLines } from '../workers/worker.js';
import { GivenAnswers } from './answers.js';
import { commandOf, gatheringOf } from './command.js';
import { CHECK } from './files.js';
import { verlReward } from './rewards.js';

/** What this was written for and is tested with. */
const VERL = '0.9.1';
const INSTALL = `-m pip install "verl[vllm]==${VERL}"`;
/** Loading PyTorch and verl from a slow disk takes long. */
const LIMIT_MS = 900_000;
/** The check waits so long for rewards; a training waits for hours. */
const PATIENCE_SECONDS = 30;
const FOUND = 'check.json';

const checkSchema = z.object({
  versions: z.record(z.string(), z.string()),
  /** Of each machine of the cluster. */
  gpus: z.array(z.int()),
  problems: z.array(z.string()),
  /** Of blank answers. */
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
  const { ray } = job.workspace.config.training;
  // The plan has refused it.
  if (!ray) return [failed('Ray', 'training.ray is missing')];
  try {
    const known = await workerAtWork(job);
    if (known) return [ok('verl', `at work on this run, ${known.name}`)];
    let stopped: RunError | undefined;
    const reward = verlReward(job, GivenAnswers.forgetful(), (error) => (stopped ??= error));
    const rewards = await startRewards({ reward }, await rewardPlaceOf(ray), gatheringOf(job));
    try {
      const command = commandOf(job, [CHECK], rewards, {
        log: 'check.txt',
        env: { TOUCHSTONE_REWARD_TIMEOUT: String(PATIENCE_SECONDS) },
      });
      const { findings, ran } = await probeRay(ray, command, LIMIT_MS);
      if (!ran) return findings;
      if (stopped) return [...findings, failed('verl: rewards', (stopped as RunError).message)];
      const check = checkOf(ran);
      if (!check) return [...findings, notSaid(job, ran)];
      await writeWhole(join(job.folder, FOUND), `${JSON.stringify(check, null, 2)}\n`);
      return [...findings, ...findingsOf(job, check)];
    } finally {
      await rewards.close();
    }
  } catch (error) {
    if (RunError.is(error) || InputError.is(error)) return [failed('Ray', error.message)];
    throw error;
  }
}

/** The last line of what `check.py` has written; null: it is none of its. */
export function checkOf({ out }: Pick<Ran, 'out'>): Check | null {
  const { success, data } = checkSchema.safeParse(parseOrNull(out.trim().split('\n').at(-1) ?? ''));
  return success ? data : null;
}

/** What a check has found, for people. */
export function findingsOf(
  job: Pick<TrainingJob, 'workspace'>,
  { versions, gpus, problems, rewards }: Check,
): Finding[] {
  const { verl = 'none', python: _, ...others } = versions;
  const told = Object.entries({ Python: versions['python'], verl, ...others })
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const { nodes, gpus_per_node: each, rollout, python } = job.workspace.config.training.verl;
  const enough = gpus.filter((count) => count >= each).length;
  return [
    verl === VERL
      ? ok('verl', told)
      : warning('verl', `${told}; tried with verl ${VERL}: ${python} ${INSTALL}`),
    ...problems.map((problem) => failed('verl', problem)),
    versions[rollout]
      ? ok('verl: rollout', `${rollout} ${versions[rollout]}`)
      : failed('verl: rollout', `${python} on the cluster has no ${rollout}: ${python} ${INSTALL}`),
    rewards.length > 0
      ? ok('verl: rewards', `${rewards.length} answers, there and back`)
      : failed(
          'verl: rewards',
          'no answer came back: the machines of the cluster must reach this one; set training.ray.reward_host to the name or address that it has there, and look at firewalls',
        ),
    enough >= nodes
      ? ok('verl: GPUs', `${gpus.join(', ')} on the machines of the cluster`)
      : failed(
          'verl: GPUs',
          `expected ${nodes} machine${nodes === 1 ? '' : 's'} with ${each} (training.verl); those of the cluster have ${gpus.join(', ') || 'none'}`,
        ),
  ];
}

function notSaid(job: TrainingJob, { out, err }: Ran): Finding {
  const { python } = job.workspace.config.training.verl;
  const [, module] = /ModuleNotFoundError: No module named '([^']+)'/.exec(err) ?? [];
  if (module !== undefined)
    return failed('verl', `${python} on the cluster has no ${module}: ${python} ${INSTALL}`);
  if (/: not found|: Permission denied/.test(err.trim().split('\n').at(-1) ?? '')) {
    return failed(
      'verl',
      `${python} cannot be started on the cluster (${lastLines(err)}): set training.verl.python to the Python there in which verl is installed`,
    );
  }
  return failed('verl', `${python} ${CHECK} did not say what it found: ${lastLines(err || out)}`);
}
