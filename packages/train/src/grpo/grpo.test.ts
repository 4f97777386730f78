import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { latestCheckpoint, loadCheckpoint, pruneCheckpoints, saveCheckpoint } from '../checkpoint.js';
import { Policy } from '../policy.js';
import { ruleReward, tinyPolicy, tinyTasks } from '../testing.js';
import { Grpo, tasksOfStep, type GrpoOptions } from './grpo.js';

const options: GrpoOptions = {
  steps: 12,
  promptsPerStep: 4,
  groupSize: 8,
  learningRate: 5e-3,
  warmupSteps: 0,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.28,
  scaleAdvantages: false,
  klCoefficient: 0,
  updatesPerStep: 1,
  temperature: 1,
  maxTokens: 8,
  seed: 3,
  abstention: { policy: 'mask', limit: 0.5 },
};
/** Share of lower-case letters. */
const lowerCase = ({ response }: { response: string }): number =>
  response === '' ? 0 : [...response].filter((c) => c >= 'a' && c <= 'z').length / [...response].length;

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('Grpo', () => {
  it.each<[string, Partial<GrpoOptions>]>([
    ['on policy', {}],
    ['two updates a step, KL to the reference', { updatesPerStep: 2, klCoefficient: 0.01 }],
    ['scaled advantages', { scaleAdvantages: true }],
  ])('raises the reward it is given: %s', async (_, change) => {
    const policy = tinyPolicy();
    const reference = policy.model.clone();
    const grpo = new Grpo(policy, ruleReward(lowerCase), { ...options, ...change }, reference);
    const means: number[] = [];
    for (let step = 1; step <= options.steps; step++) {
      const result = await grpo.step(tinyTasks(6), step);
      means.push(mean(result.rewards_PG.flat().map((reward) => reward!)));
      if (change.klCoefficient && step > 1) expect(result.kl).toBeGreaterThan(0);
    }
    expect(mean(means.slice(-2))).toBeGreaterThan(mean(means.slice(0, 2)) + 0.3);
  });

  it('comes to the same weights when it is stopped and goes on from a checkpoint', async () => {
    const train = async (policy: Policy, from: number, to: number, state?: Grpo['trainerState']) => {
      const grpo = new Grpo(policy, ruleReward(lowerCase), options, null);
      if (state) grpo.trainerState = state;
      for (let step = from; step <= to; step++) await grpo.step(tinyTasks(6), step);
      return grpo;
    };
    const straight = tinyPolicy();
    await train(straight, 1, 4);

    const folder = await mkdtemp(path.join(tmpdir(), 'checkpoints-'));
    const early = tinyPolicy();
    await saveCheckpoint(folder, 2, early, (await train(early, 1, 2)).trainerState);
    const { step, model, state } = await loadCheckpoint((await latestCheckpoint(folder))!.folder);
    const late = new Policy(model, early.tokenizer, early.folder);
    await train(late, step + 1, 4, state);
    expect(late.model.fingerprint()).toBe(straight.model.fingerprint());

    await saveCheckpoint(folder, 4, late, state);
    await pruneCheckpoints(folder, 1);
    expect(await readdir(folder)).toEqual(['step-000004']);
  });

  it('does not learn from rollouts without a verdict, and stops when there are too many', async () => {
    const abstainOnLong = ruleReward((rollout) => (rollout.response.length > 6 ? null : lowerCase(rollout)));
    const tolerant = new Grpo(
      tinyPolicy(),
      abstainOnLong,
      { ...options, abstention: { policy: 'mask', limit: 1 } },
      null,
    );
    const { rewards, rewards_PG, abstained } = await tolerant.step(tinyTasks(6), 1);
    expect(abstained).toBe(rewards.filter(({ status }) => status === 'abstained').length);
    expect(rewards_PG.flat().filter((reward) => reward === null)).toHaveLength(abstained);
    expect(abstained).toBeGreaterThan(0);

    const strict = new Grpo(
      tinyPolicy(),
      abstainOnLong,
      { ...options, abstention: { policy: 'mask', limit: 0.05 } },
      null,
    );
    await expect(strict.step(tinyTasks(6), 1)).rejects.toThrow(
      /step 1: .* 32 rollouts.*limit \(0.05\).*timeout: no reply/,
    );
  });

  it('counts groups of equal rewards and leaves the weights alone when all are', async () => {
    const policy = tinyPolicy();
    const before = policy.model.fingerprint();
    const result = await new Grpo(
      policy,
      ruleReward(() => 0.5),
      options,
      null,
    ).step(tinyTasks(6), 1);
    expect(result.zeroVarianceGroups).toBe(4);
    expect(policy.model.fingerprint()).toBe(before);
  });
});

describe('tasksOfStep', () => {
  it('shows every task once an epoch, in another order each time', () => {
    const tasks = tinyTasks(6);
    const seen = [1, 2, 3].flatMap((step) => tasksOfStep(tasks, step, 4, 1).map(({ id }) => id));
    const epochs = [seen.slice(0, 6), seen.slice(6)];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual(tasks.map(({ id }) => id));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });
});
