import { describe, expect, it } from 'vitest';
import { fromAws, HERE } from './here.js';
import { ARTICLE } from './job.testing.js';

describe('keys of AWS where the engine of this package trains', () => {
  it("take the article's twenty", () => {
    const { settings, problems, remarks } = fromAws(ARTICLE);
    expect(problems).toEqual([]);
    expect(Object.fromEntries(settings)).toMatchObject({
      'training.steps': 516,
      'training.prompts_per_step': 8,
      'training.group_size': 8,
      'training.checkpoint_every': 32,
      'training.clip_high': 0.28,
      'training.entropy_coefficient': 0,
      'policy.max_tokens': 16_000,
      'policy.temperature': 1,
      'judge.concurrency': 100,
    });
    const said = [...settings.keys(), ...remarks].join('\n');
    for (const name of Object.keys(ARTICLE)) {
      const { setting } = HERE[name as keyof typeof HERE];
      expect(said, name).toMatch(new RegExp(`${name}|${setting ?? name}`));
    }
  });

  it.each([
    [
      { global_batch_size: 60 },
      /^global_batch_size is 60: expected a multiple of number_generation, which is 8/,
    ],
    [{ loss_scale: 2 }, /^loss_scale is 2: expected 1: AdamW/],
    [{ number_generations: 8 }, /^there is no key "number_generations", did you mean "number_generation"\?/],
    [{ clip_ratio_high: 'wide' }, /^clip_ratio_high is "wide"/],
    [{ age_tolerance: 99 }, /^age_tolerance is 99: expected a whole number from 1 to 20/],
    [{ save_steps: 0 }, /^save_steps is 0, at the end only: expected max_steps/],
    [{ reward_lambda_arn: 'arn' }, /^there is no key "reward_lambda_arn"/],
  ])('refuse %j', (given, expected) => {
    expect(fromAws(given).problems.join('\n')).toMatch(expected);
  });

  it('go by any of their names', () => {
    expect(fromAws({ learningRate: 1e-5, trainingSamplePerPrompt: 4, batchSize: 64 }).settings).toEqual(
      new Map<string, number>([
        ['training.learning_rate', 1e-5],
        ['training.group_size', 4],
        ['training.prompts_per_step', 16],
      ]),
    );
    expect(fromAws({ save_steps: 0, max_steps: 40 }).settings.get('training.checkpoint_every')).toBe(40);
  });
});
