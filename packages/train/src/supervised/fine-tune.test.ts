import { describe, expect, it } from 'vitest';
import { tinyPolicy, tinyTasks } from '../testing.js';
import { fineTune, type FineTuneOptions } from './fine-tune.js';

const options: FineTuneOptions = {
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
};

describe('fineTune', () => {
  it('learns the answers and leaves the policy it starts from alone', async () => {
    const policy = tinyPolicy();
    const before = policy.model.fingerprint();
    const annotations = tinyTasks(16).map((task) => ({ task, answer: 'yes' }));
    const losses: number[] = [];
    const result = await fineTune(
      policy,
      annotations,
      options,
      () => 0,
      ({ validationLoss }) => losses.push(validationLoss),
    );
    expect(policy.model.fingerprint()).toBe(before);
    expect(result).toMatchObject({ steps: 40, examples: 16 });
    expect(result.validationLoss).toBe(Math.min(...losses));
    const answers = await policy
      .withModel(result.model)
      .sample(tinyTasks(4), { temperature: 1, max_tokens: 8 }, { samples: 2, seed: 1, name: 'sft' });
    expect(answers.filter(({ rollout }) => rollout.response === 'yes').length).toBeGreaterThan(6);
  });

  it('keeps the best step and not the last when it overfits', async () => {
    const noise = tinyTasks(12).map((task, i) => ({
      task,
      answer: `${(i * 7919) % 97} ${(i * 104729) % 89}`,
    }));
    const result = await fineTune(
      tinyPolicy(),
      noise,
      { ...options, sft: { ...options.sft, steps: 80 } },
      () => 0,
    );
    expect(result.bestStep).toBeLessThan(80);
  });

  it('names the answers that the model has no positions for', async () => {
    const annotations = tinyTasks(3).map((task, i) => ({ task, answer: 'a '.repeat(i === 1 ? 5000 : 1) }));
    await expect(fineTune(tinyPolicy(), annotations, options, () => 0)).rejects.toThrow(
      new RegExp(
        `^task ${annotations[1]!.task.id}: its prompt and annotated answer have \\d+ tokens[^\\n]*$`,
      ),
    );
  });

  it('goes on for the time it has while it gets better, and ends when it does not', async () => {
    const train = (answers: string[], patience: number): ReturnType<typeof fineTune> => {
      let clock = 0;
      const sft = { ...options.sft, steps: 2, learning_rate: 1e-3, evaluate_every: 1, patience };
      const annotations = tinyTasks(answers.length).map((task, i) => ({ task, answer: answers[i]! }));
      return fineTune(tinyPolicy(), annotations, { ...options, sft, seconds: 200 }, () => clock++);
    };
    const learnable = await train(['a', 'a', 'a', 'a'], 40);
    // Two looks at the clock a step.
    expect(learnable.steps).toBeGreaterThan(90);
    expect(learnable.bestStep).toBeGreaterThan(60);
    const noise = await train(['3 71', '88 2', '9 40', '17 65'], 3);
    expect(noise.steps).toBe(Math.max(2, noise.bestStep + 3));
    expect(noise.steps).toBeLessThan(90);
    await expect(fineTune(tinyPolicy(), [], options, () => 0)).rejects.toThrow(
      /at least 2 annotated answers, got 0/,
    );
  });
});
