import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TrainingJob } from '@touchstone/run';
import { sha256 } from '@touchstone/store';
import { describe, expect, it } from 'vitest';
import { LOOPBACK, resumeRewards, startRewards } from '../reward-server.js';
import { GivenAnswers } from './answers.js';
import { commandOf, gatheringOf } from './command.js';
import { configOf, jobOf } from './job.testing.js';
import { writePlan } from './plan.js';
import { verlReward } from './rewards.js';

/** A Python in which verl is installed, where one is named. */
const PYTHON = process.env['TOUCHSTONE_VERL_PYTHON'];
const why =
  PYTHON === undefined ? 'TOUCHSTONE_VERL_PYTHON does not name a Python in which verl is installed' : '';
const POLICY = fileURLToPath(new URL('../../../../examples/quickstart/models/policy', import.meta.url));

/** verl composes the configuration, loads the shim and the manager, and asks one answer at a time, as its agent loop does. */
const ASK = `
import json, check
from verl.utils import hf_tokenizer
config = check.composed()
tokenizer = hf_tokenizer(config.actor_rollout_ref.model.path)
texts = ["yes", "?", "no way", "no"]
print(json.dumps(check.ask(config, check.lines_of("rows.jsonl"), texts, tokenizer)))
`;

const jobWith = (score: Parameters<typeof jobOf>[2]): TrainingJob => {
  const config = configOf({}, { reward: { abstention: { policy: 'mask', limit: 0.5 } } });
  const made = jobOf(config, undefined, score);
  const { workspace } = made;
  return {
    ...made,
    folder: mkdtempSync(join(tmpdir(), 'touchstone-verl-')),
    workspace: { ...workspace, policy: { ...workspace.policy, folder: POLICY } },
  } as unknown as TrainingJob;
};

async function ask(job: TrainingJob, rewards: Awaited<ReturnType<typeof startRewards>>): Promise<number[]> {
  const { env } = commandOf(job, [], rewards, { log: 'log.txt' });
  const { stdout } = await promisify(execFile)(PYTHON!, ['-c', ASK], {
    cwd: job.folder,
    env: { ...process.env, ...env, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' },
    maxBuffer: 2 ** 26,
  });
  const said = JSON.parse(stdout.trim().split('\n').at(-1)!) as { reward_score: number }[];
  return said.map(({ reward_score: score }) => score);
}

describe.skipIf(why)(`the reward of verl${why ? ` (skipped: ${why})` : ''}`, { timeout: 600_000 }, () => {
  it('reaches its own reward workers: a number for each answer, also for one without a verdict', async () => {
    const job = jobWith(({ response }) => (response === '?' ? null : response.length / 10));
    await writePlan(job);
    const answers = GivenAnswers.forgetful();
    const reward = verlReward(job, answers, () => {});
    const rewards = await startRewards({ reward }, LOOPBACK, gatheringOf(job));
    // The second: the mean of its group.
    expect(await ask(job, rewards)).toEqual([0.3, 0.3, 0.6, 0.2]);
    await rewards.close();
    expect(answers.get(0, 1)).toMatchObject({ given: 0.3, reason: 'timeout: late', finish: 'stop' });
    expect(answers.get(1, 0)).toMatchObject({ given: 0.6, reason: null });
    expect(answers.get(1, 0)!.tokens).toBeGreaterThan(1);
  });

  it('is no number that stands in where a server ends while it is asked: the next one is', async () => {
    const job = jobWith(({ response }) => response.length / 10);
    await writePlan(job);
    let asked!: () => void;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const silent = { score: () => (asked(), new Promise<never>(() => {})) };
    const first = await startRewards({ reward: silent }, LOOPBACK, gatheringOf(job));
    const scores = ask(job, first);
    await isAsked;
    await first.close();
    const reward = verlReward(job, GivenAnswers.forgetful(), () => {});
    const record = { host: first.host, port: first.port, key_hash: sha256(first.key) };
    const next = await resumeRewards({ reward }, LOOPBACK, record, 'the test', gatheringOf(job));
    expect(await scores).toEqual([0.3, 0.1, 0.6, 0.2]);
    await next.close();
  });
});
