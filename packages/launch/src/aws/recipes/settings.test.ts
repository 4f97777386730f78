import { configSchema, type TrainingJob } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { inputOf, REWARD_FUNCTION } from './job.testing.js';
import { bedrockHyperparameters, serverlessHyperparameters } from './hyperparameters.js';
import { novaRecipe } from './recipe.js';
import { novaCounterparts, novaOverrides, novaSettingsProblem, TAKES, type NovaTarget } from './settings.js';

const TASKS = 400;

const AWS = {
  region: 'us-east-1',
  role: 'arn:aws:iam::123456789012:role/train',
  storage: 's3://bucket/runs',
  reward_function: REWARD_FUNCTION,
};

function jobOf(training: object = {}, policy: object = {}, overrides: object = {}): TrainingJob {
  const config = configSchema.parse({
    policy: { model: 'local:model', ...policy },
    data: { train: 't.jsonl', eval: 'e.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    training: { aws: { ...AWS, overrides }, ...training },
  });
  return {
    run: 'r1',
    adamw: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 },
    workspace: { config, data: { train: Array.from({ length: TASKS }) } },
  } as unknown as TrainingJob;
}

const at = (target: NovaTarget['target'], tuning: NovaTarget['tuning'] = 'lora'): NovaTarget => ({
  target,
  tuning,
});
const TARGETS = ['hyperpod', 'training-job', 'serverless', 'bedrock'] as const;

describe('the settings of Amazon Nova', () => {
  it('say of every key of training: and policy: what became of it, or why nothing did', () => {
    const job = jobOf({ kl_coefficient: 0.1 });
    const { training, policy } = job.workspace.config;
    for (const target of TARGETS) {
      const said = novaCounterparts(job, at(target));
      const named = said.map(({ setting }) => setting);
      // What is for others, and what says nothing where it stands at its default.
      const { algorithm: _, ...atTheirDefault } = TAKES;
      const others = [
        'trl',
        'verl',
        'openrlhf',
        'ray',
        'save_top_k',
        'validation_tasks',
        'patience',
        ...Object.keys(atTheirDefault),
      ];
      const own = Object.keys(training).filter((key) => !others.includes(key));
      for (const key of own) expect(named).toContain(`training.${key}`);
      for (const key of others) expect(named).not.toContain(`training.${key}`);
      for (const key of Object.keys(policy)) expect(named).toContain(`policy.${key}`);
      for (const { becomes, note } of said) expect(becomes ?? note).not.toBe('');
    }
    const becomes = (target: NovaTarget['target'], setting: string) =>
      novaCounterparts(job, at(target)).find((one) => one.setting === setting);
    expect(becomes('training-job', 'training.kl_coefficient')?.becomes).toBe(
      'training_config.trainer.kl_loss_coef = 0.1',
    );
    expect(becomes('hyperpod', 'training.kl_coefficient')).toMatchObject({
      becomes: null,
      note: "HyperPod's recipe has no such key",
    });
    expect(becomes('bedrock', 'seed')).toMatchObject({ becomes: null, note: 'Bedrock has no such key' });
  });

  it('are the same numbers everywhere', () => {
    const job = jobOf(
      {
        steps: 50,
        prompts_per_step: 16,
        group_size: 4,
        learning_rate: 1e-5,
        checkpoint_every: 80,
        clip_high: 0.3,
      },
      { max_tokens: 700, temperature: 0.9 },
    );
    const { recipe } = novaRecipe(inputOf('hyperpod', novaOverrides(job, at('hyperpod'))));
    expect(recipe['training_config']).toMatchObject({
      global_batch_size: 64,
      reasoning_effort: null,
      data: { shuffle: false },
      rollout: {
        advantage_strategy: { number_generation: 4 },
        generator: { max_new_tokens: 700, temperature: 0.9, top_k: 0 },
      },
      trainer: {
        max_steps: 50,
        save_steps: 50,
        clip_ratio_high: 0.3,
        optim_config: { lr: 1e-5, adam_beta1: 0.9, adam_beta2: 0.98 },
      },
    });
    expect(serverlessHyperparameters('r1', novaOverrides(job, at('serverless'))).hyperParameters).toEqual({
      name: 'r1',
      max_length: '8192',
      global_batch_size: '64',
      reasoning_effort: 'low',
      number_generation: '4',
      max_new_tokens: '700',
      set_random_seed: 'true',
      temperature: '0.9',
      top_k: '0',
      max_steps: '50',
      save_steps: '50',
      kl_loss_coef: '0.0',
      learning_rate: '0.00001',
      weight_decay: '0.0',
      adam_beta1: '0.9',
      adam_beta2: '0.98',
      lora_alpha: '32',
      learning_rate_ratio: '64.0',
    });
    expect(bedrockHyperparameters(novaOverrides(job, at('bedrock'))).hyperParameters).toEqual({
      epochCount: 2,
      batchSize: 64,
      learningRate: 1e-5,
      maxPromptLength: 8192,
      trainingSamplePerPrompt: 4,
      inferenceMaxTokens: 700,
      reasoningEffort: 'low',
      evalInterval: 10,
    });
  });

  it('have answers drawn by older weights where AWS has that', () => {
    const asked = { type: 'off_policy_async', age_tolerance: 2, refit_freq: 4 };
    expect(novaOverrides(jobOf(asked), at('hyperpod'))).toMatchObject(asked);
    const said = (setting: string) =>
      novaCounterparts(jobOf(asked), at('training-job')).find((one) => one.setting === `training.${setting}`);
    expect(said('type')).toMatchObject({ becomes: null, note: "a training job's recipe has no such key" });
    expect(() => novaOverrides(jobOf(asked, {}, { refit_freq: 2 }), at('hyperpod'))).toThrow(
      'refit_freq is decided by training.refit_freq: say it there',
    );
  });

  it('take overrides for what no setting decides', () => {
    const own = { reasoning_effort: 'low', alpha: 64 };
    expect(novaOverrides(jobOf({}, {}, own), at('hyperpod'))).toMatchObject(own);
    expect(() => novaOverrides(jobOf({}, {}, { learning_rate: 1e-4 }), at('hyperpod'))).toThrow(
      'training.aws.overrides: learning_rate is decided by training.learning_rate: say it there',
    );
  });

  it('are refused by the names that the user knows', () => {
    const problem = (target: NovaTarget['target'], ...given: Parameters<typeof jobOf>) =>
      novaSettingsProblem(jobOf(...given), at(target));
    for (const target of TARGETS) expect(problem(target, { steps: 50 })).toBeNull();
    expect(problem('hyperpod', { group_size: 32 })).toBe(
      'training.group_size (number_generation) is 32: expected a whole number from 2 to 16',
    );
    expect(problem('hyperpod', { kl_coefficient: 0.1 })).toMatch(
      /^training.kl_coefficient is 0.1, and HyperPod/,
    );
    expect(problem('training-job', { kl_coefficient: 0.1 })).toBeNull();
    expect(problem('serverless', {}, { temperature: 0 })).toMatch(/^policy.temperature is 0/);
    expect(problem('bedrock', { steps: 40 })).toBe(
      'training.steps 40 × prompts_per_step 16 / 400 tasks of data.train = 1.6 passes: Bedrock makes 1 to 50 whole ones. training.steps 50 is near it and can be had',
    );
    expect(problem('bedrock', { steps: 9000 })).toMatch(/= 360 passes: .* training.steps 1250 is near it/);
    expect(problem('bedrock', { steps: 1, prompts_per_step: 400 * 51 })).toMatch(/lower prompts_per_step/);
    expect(problem('training-job', {}, { max_tokens: 9000 })).toMatch(
      /leaves a prompt no room in max_length 8192/,
    );
    expect(problem('hyperpod', {}, {}, { alpah: 3 })).toMatch(
      /^training.aws.overrides: alpah: .* did you mean alpha\?$/,
    );
  });
});
