import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listCheckpoints, loadCheckpoint, saveCheckpoint } from './checkpoint.js';
import { train, type TrainingStep, type TrainOptions } from './loop.js';
import { trainingSchema } from './schema.js';
import { ruleReward, tinyPolicy, tinyTasks } from './testing.js';

const SETTINGS = { steps: 12, prompts_per_step: 4, group_size: 8, learning_rate: 5e-3 };
const training = trainingSchema.parse(SETTINGS);

/** Share of lower-case letters. */
const lowerCase = ({ response }: { response: string }): number =>
  response === '' ? 0 : [...response].filter((c) => c >= 'a' && c <= 'z').length / [...response].length;

const options = (): TrainOptions => ({
  policy: tinyPolicy(),
  tasks: tinyTasks(6),
  reward: ruleReward(lowerCase),
  training,
  sampling: { temperature: 1, max_tokens: 8 },
  abstention: { policy: 'mask', limit: 0.5 },
  seed: 3,
});

/** Makes steps up to and with `last`. */
async function steps(options: TrainOptions, last: number): Promise<TrainingStep[]> {
  const made: TrainingStep[] = [];
  for await (const step of train(options)) {
    made.push(step);
    if (step.step === last) break;
  }
  return made;
}

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('train', () => {
  it.each<[string, object]>([
    ['on policy', {}],
    ['two updates a step, KL to the reference', { updates_per_step: 2, kl_coefficient: 0.01 }],
    // What it learns shows two steps later.
    ['answers of older weights', { type: 'off_policy_async', age_tolerance: 2, steps: 16 }],
    ['an entropy bonus', { entropy_coefficient: 0.001, deviation: 'batch' }],
    ...['rloo', 'gspo', 'best-of-n', 'dpo'].map((algorithm): [string, object] => [
      algorithm,
      { algorithm, learning_rate: 0.01 },
    ]),
  ])('raises the reward it is given: %s', async (_, change: { kl_coefficient?: number }) => {
    const setup = { ...options(), training: trainingSchema.parse({ ...SETTINGS, ...change }) };
    const before = setup.policy.model.fingerprint();
    const made = await steps(setup, setup.training.steps);
    const means = made.map(({ groups }) => mean(groups.flatMap(({ scores_G }) => scores_G.map((s) => s!))));
    expect(mean(means.slice(-2))).toBeGreaterThan(mean(means.slice(0, 2)) + 0.3);
    for (const { step, metrics } of made) {
      if (!change.kl_coefficient) expect(metrics).not.toHaveProperty('kl');
      else if (step > 1) expect(metrics['kl']).toBeGreaterThan(0);
    }
    expect(setup.policy.model.fingerprint()).toBe(before);
  });

  const asynchronous = (age_tolerance: number, refit_freq: number) =>
    ({ type: 'off_policy_async', age_tolerance, refit_freq }) as const;

  it.each<[string, object]>([
    ['on policy', {}],
    ['two steps ahead', asynchronous(2, 1)],
    ['between two changes of the weights that draw', asynchronous(3, 3)],
  ])('comes to the same weights when it is stopped and goes on from a checkpoint: %s', async (_, change) => {
    const setup = () => ({ ...options(), training: trainingSchema.parse({ ...SETTINGS, ...change }) });
    const made = await steps(setup(), 4);
    const straight = made.at(-1)!.checkpoint();

    const folder = await mkdtemp(path.join(tmpdir(), 'checkpoints-'));
    await saveCheckpoint(folder, (await steps(setup(), 2)).at(-1)!.checkpoint());
    const { policy } = setup();
    const from = await loadCheckpoint((await listCheckpoints(folder))[0]!.folder, policy);
    const again = await steps({ ...setup(), policy, from }, 4);
    expect(again.map(({ groups, metrics }) => ({ groups, metrics }))).toEqual(
      made.slice(2).map(({ groups, metrics }) => ({ groups, metrics })),
    );
    const late = again.at(-1)!.checkpoint();
    expect(late.step).toBe(4);
    expect(late.policy.model.fingerprint()).toBe(straight.policy.model.fingerprint());
    expect(late.optimizer).toEqual(straight.optimizer);
    expect(late.ahead).toEqual(straight.ahead);

    await saveCheckpoint(folder, late);
    expect((await listCheckpoints(folder)).map(({ step }) => step)).toEqual([4, 2]);
  });

  it('is on policy while the weights have not changed, then as old as it may be, and corrects for that', async () => {
    const setup = (change: object) => ({ ...options(), training: { ...training, ...change } });
    const [turns, ahead] = [await steps(setup({}), 4), await steps(setup(asynchronous(2, 1)), 4)];
    expect(ahead.map(({ metrics }) => metrics['age'])).toEqual([0, 1, 2, 2]);
    expect(ahead[0]!.metrics).toEqual({
      ...turns[0]!.metrics,
      age: 0,
      effective_tokens: 1,
      importance_capped: 0,
    });
    // The answers of the second step are still those of the weights that training starts from.
    expect(ahead[1]!.metrics['effective_tokens']).toBeLessThan(1);
    expect(ahead[1]!.groups).not.toEqual(turns[1]!.groups);
    expect(turns[1]!.metrics).not.toHaveProperty('age');
  });

  it('does not learn from rollouts without a verdict, and stops when there are too many', async () => {
    const reward = ruleReward((rollout) => (rollout.response.length > 6 ? null : lowerCase(rollout)));
    const withLimit = (limit: number) => ({
      ...options(),
      reward,
      abstention: { policy: 'mask' as const, limit },
    });
    const { groups, metrics } = (await steps(withLimit(1), 1))[0]!;
    const abstained = groups.flatMap(({ rewards_G }) => rewards_G).filter((r) => r.status === 'abstained');
    expect(abstained.length).toBeGreaterThan(0);
    expect(metrics['abstained']).toBe(abstained.length);
    const masked = groups.flatMap(({ scores_G }) => scores_G).filter((score) => score === null);
    expect(masked).toHaveLength(abstained.length);

    await expect(steps(withLimit(0.05), 1)).rejects.toThrow(
      /step 1: .* 32 answers.*limit \(0.05\).*timeout: no reply/,
    );
  });

  it('counts groups of equal rewards and leaves the weights alone when all are', async () => {
    const setup = { ...options(), reward: ruleReward(() => 0.5) };
    const [step] = await steps(setup, 1);
    expect(step!.metrics).toMatchObject({ zero_variance: 1, loss: 0, grad_norm: 0 });
    expect(step!.checkpoint().policy.model.fingerprint()).toBe(setup.policy.model.fingerprint());
  });

  it('draws for further tasks in place of groups without contrast, the same again after a stop', async () => {
    // Of these tasks nothing can be learned.
    const dull = (id: string): boolean => Number(id.slice(1)) % 2 === 0;
    const asked: string[] = [];
    const reward = ruleReward((rollout) => {
      asked.push(rollout.id);
      return dull(rollout.task.id) ? 0.5 : lowerCase(rollout);
    });
    const setup = (sampling_tries: number, seed = 3): TrainOptions => ({
      ...options(),
      tasks: tinyTasks(12),
      training: trainingSchema.parse({ ...SETTINGS, algorithm: 'dapo', sampling_tries }),
      reward,
      seed,
    });
    const [step] = await steps(setup(3), 1);
    const tasks = step!.groups.map(({ rollouts_G: [first] }) => first!.rollout.task.id);
    expect(new Set(tasks).size).toBe(4);
    expect(tasks.filter(dull)).toEqual([]);
    expect(step!.metrics).toMatchObject({ zero_variance: 0 });
    expect(step!.metrics['redrawn']).toBeGreaterThan(0);
    expect(new Set(asked).size).toBe(asked.length);
    const first = [...asked];
    asked.length = 0;
    const [again] = await steps(setup(3), 1);
    expect(asked).toEqual(first);
    expect(again!.groups).toEqual(step!.groups);

    const [once] = await steps(setup(0), 1);
    expect(once!.metrics).not.toHaveProperty('redrawn');
    expect(once!.metrics['zero_variance']).toBeGreaterThan(0);
  });
});
