import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCheckpoint, saveCheckpoint } from '../checkpoint.js';
import { tinyPolicy, tinyTasks } from '../testing.js';
import { fineTune, type FineTuneCheckpoint, type FineTuneOptions, type FineTuneStep } from './fine-tune.js';

const options: Omit<FineTuneOptions, 'policy' | 'annotations'> = {
  sft: {
    steps: 40,
    batch_size: 8,
    learning_rate: 5e-3,
    validation_share: 0.25,
    evaluate_every: 5,
    patience: 5,
  },
  optimizer: { weight_decay: 0, max_grad_norm: 1 },
  seconds: 0,
  seed: 1,
  now: () => 0,
};

/** Answers to as many tasks. */
const annotated = (answers: readonly string[]): FineTuneOptions['annotations'] =>
  tinyTasks(answers.length).map((task, i) => ({ task, answer: answers[i]! }));

/** Trains to the end, or until `stop` of a look. */
async function made(
  options: FineTuneOptions,
  stop: (step: number) => boolean = () => false,
): Promise<{ steps: FineTuneStep[]; end: FineTuneCheckpoint }> {
  const steps: FineTuneStep[] = [];
  for await (const step of fineTune(options)) {
    steps.push(step);
    if (stop(step.step)) break;
  }
  return { steps, end: steps.at(-1)!.checkpoint() };
}

const noise = (i: number): string => `${(i * 7919) % 97} ${(i * 104729) % 89}`;

describe('fineTune', () => {
  it('learns the answers and leaves the policy it starts from alone', async () => {
    const policy = tinyPolicy();
    const before = policy.model.fingerprint();
    const annotations = annotated(Array.from({ length: 16 }, () => 'yes'));
    const { steps, end } = await made({ ...options, policy, annotations });
    expect(policy.model.fingerprint()).toBe(before);
    expect(steps).toHaveLength(40);
    expect(end.supervised.best.loss).toBe(Math.min(...steps.map(({ validationLoss }) => validationLoss)));
    const answers = await end.best.sample(
      tinyTasks(4),
      { temperature: 1, max_tokens: 8 },
      { samples: 2, seed: 1, name: 'sft' },
    );
    expect(answers.filter(({ rollout }) => rollout.response === 'yes').length).toBeGreaterThan(6);
  });

  it('keeps the best look and not the last when it overfits, and comes to the same stopped at any look', async () => {
    const setup = () => ({
      ...options,
      sft: { ...options.sft, steps: 28, learning_rate: 0.03 },
      policy: tinyPolicy(),
      annotations: annotated(Array.from({ length: 12 }, (_, i) => noise(i))),
    });
    const straight = await made(setup());
    const { best, last } = straight.end.supervised;
    expect(best.step).toBeLessThan(28);
    expect(last).toBe(28);
    expect(straight.steps.flatMap(({ step, isLook }) => (isLook ? [step] : []))).toEqual([
      5, 10, 15, 20, 25, 28,
    ]);

    const folder = await mkdtemp(path.join(tmpdir(), 'sft-'));
    const { policy } = setup();
    const half = await made(setup(), (step) => step === 15);
    const saved = await saveCheckpoint(folder, half.end);
    const { supervised, ...from } = await loadCheckpoint(saved.folder, policy);
    const again = await made({
      ...setup(),
      from: { ...from, supervised: supervised!, best: half.end.best },
    });
    expect(again.steps[0]!.step).toBe(16);
    expect(again.end.supervised).toEqual(straight.end.supervised);
    expect(again.end.optimizer).toEqual(straight.end.optimizer);
    for (const of of ['policy', 'best'] as const) {
      expect(again.end[of].model.fingerprint()).toBe(straight.end[of].model.fingerprint());
    }
    for await (const more of fineTune({ ...setup(), from: straight.end })) expect(more).toBeUndefined();
  });

  it('names the answers that the model has no positions for', async () => {
    const annotations = annotated(['a ', 'a '.repeat(5000), 'a ']);
    await expect(made({ ...options, policy: tinyPolicy(), annotations })).rejects.toThrow(
      new RegExp(
        `^task ${annotations[1]!.task.id}: its prompt and annotated answer have \\d+ tokens[^\\n]*$`,
      ),
    );
    await expect(made({ ...options, policy: tinyPolicy(), annotations: [] })).rejects.toThrow(
      /at least 2 annotated answers, got 0/,
    );
  });

  it('goes on for the time it has while it gets better, and ends when it does not', async () => {
    const train = (answers: string[], patience: number) => {
      let clock = 0;
      const sft = { ...options.sft, steps: 2, learning_rate: 1e-3, evaluate_every: 1, patience };
      const setup = { ...options, policy: tinyPolicy(), annotations: annotated(answers) };
      // A second a step.
      return made({ ...setup, sft, seconds: 100, now: () => clock++ });
    };
    const learnable = await train(['a', 'a', 'a', 'a'], 40);
    expect(learnable.steps).toHaveLength(100);
    expect(learnable.end.supervised.best.step).toBeGreaterThan(60);
    const { steps, end } = await train(['3 71', '88 2', '9 40', '17 65'], 3);
    expect(steps).toHaveLength(Math.max(2, end.supervised.best.step + 3));
    expect(steps.length).toBeLessThan(100);
  });
});
