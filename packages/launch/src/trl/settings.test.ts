import { configJsonSchema, configSchema, type TrainingJob } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { NOTHING_BEYOND } from '../translation.js';
import { counterparts, scriptSettings, settingsProblem } from './settings.js';

const configOf = (training: object = {}, policy: object = {}) =>
  configSchema.parse({
    policy: { model: 'local:model', ...policy },
    data: { train: 't.jsonl', eval: 'e.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    training: { backend: 'trl', ...training },
  });

/** What of a job the settings are made of. */
const jobOf = (config: ReturnType<typeof configOf>): TrainingJob =>
  ({
    run: 'r1',
    adamw: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 },
    workspace: { config, policy: { folder: '/policy', model: { config: { eosTokens: [2, 7] } } } },
  }) as unknown as TrainingJob;

/** Every key that `training:` may have, by the schema that editors use. */
function keysOfTraining(): string[] {
  const { properties } = configJsonSchema() as { properties: Record<string, object> };
  const found = new Set<string>();
  JSON.stringify(properties['training'], function (this: object, key, value: unknown) {
    if (key === 'properties' && 'additionalProperties' in this) {
      // Of the first algorithm: settings that only others have are not told of.
      const { algorithm } = value as { algorithm?: { const?: string } };
      if (algorithm?.const === 'grpo') Object.keys(value as object).forEach((name) => found.add(name));
    }
    return value;
  });
  return [...found];
}

describe('the settings of TRL', () => {
  it('say of every key of training: and policy: what became of it, or that there is no counterpart', () => {
    const keys = keysOfTraining();
    expect(keys).toContain('updates_per_step');
    const said = counterparts(jobOf(configOf()));
    const named = said.map(({ setting }) => setting);
    // What other trainers take is nothing to a reader of this plan.
    const others = [
      'verl',
      'openrlhf',
      'aws',
      'age_tolerance',
      'refit_freq',
      'importance_cap',
      'save_top_k',
      'validation_tasks',
      'patience',
      ...Object.keys(NOTHING_BEYOND),
    ];
    for (const key of keys) expect(named.includes(`training.${key}`), key).toBe(!others.includes(key));
    for (const { becomes, note } of said) expect(becomes ?? note).not.toBe('');
    expect(said.find(({ setting }) => setting === 'training.sft')).toMatchObject({
      becomes: null,
      note: expect.stringContaining('embedded engine'),
    });
  });

  it('are the same numbers', () => {
    const config = configOf(
      {
        steps: 6,
        prompts_per_step: 4,
        group_size: 3,
        updates_per_step: 2,
        checkpoint_every: 3,
        learning_rate: 0.01,
        clip_low: 0.1,
        clip_high: 0.3,
        deviation: 'group',
        kl_coefficient: 0.05,
        max_grad_norm: 0.7,
        weight_decay: 0.2,
        warmup_steps: 5,
      },
      { max_tokens: 9, temperature: 0.8 },
    );
    const { grpo, ...rest } = scriptSettings(jobOf({ ...config, seed: 4 }));
    expect(grpo).toMatchObject({
      loss_type: 'dapo',
      max_steps: 12,
      num_generations: 3,
      num_iterations: 2,
      save_steps: 6,
      learning_rate: 0.01,
      epsilon: 0.1,
      epsilon_high: 0.3,
      scale_rewards: 'group',
      beta: 0.05,
      max_grad_norm: 0.7,
      weight_decay: 0.2,
      adam_beta2: 0.98,
      max_completion_length: 9,
      temperature: 0.8,
      top_p: 1,
      top_k: 0,
      seed: 4,
      shuffle_dataset: false,
    });
    expect(rest).toMatchObject({ run: 'r1', end_tokens: [2, 7], micro_batch: 3, warmup_steps: 5, seed: 4 });
  });

  it('say what an adapter changes, and nothing of one where there is none', () => {
    const adapted = jobOf(configOf({ trl: { lora: { rank: 8 } } }));
    const lora = { r: 8, lora_alpha: 16, lora_dropout: 0, target_modules: 'all-linear' };
    expect(scriptSettings(adapted)).toMatchObject({ lora });
    expect(scriptSettings(jobOf(configOf({ trl: { lora: { rank: 8, alpha: 8 } } })))).toMatchObject({
      lora: { ...lora, lora_alpha: 8 },
    });
    expect(scriptSettings(jobOf(configOf()))).toMatchObject({ lora: null });
    const said = (job: TrainingJob) => Object.fromEntries(counterparts(job).map((one) => [one.setting, one]));
    expect(said(adapted)).toMatchObject({
      'policy.model': { note: expect.stringContaining('adapter') },
      'training.learning_rate': { note: expect.stringContaining('ten times') },
      'training.weight_decay': { note: expect.stringContaining("adapter's matrices") },
      'training.kl_coefficient': { note: expect.stringContaining('without the adapter') },
      'training.trl': { becomes: expect.stringContaining('r=8, lora_alpha=16') },
    });
    expect(JSON.stringify(counterparts(jobOf(configOf())))).not.toMatch(/adapter|lora/i);
    expect(() => configOf({ trl: { lora: {} } })).toThrow('rank');
  });

  it.each([
    [{}, { loss_type: 'dapo', importance_sampling_level: 'token', scale_rewards: 'none' }],
    [
      { algorithm: 'dapo', overlong_share: 0, sampling_tries: 0 },
      { loss_type: 'dapo', scale_rewards: 'group' },
    ],
    [{ algorithm: 'dr-grpo' }, { loss_type: 'dr_grpo', scale_rewards: 'none', epsilon_high: 0.2 }],
    [
      { algorithm: 'gspo', deviation: 'batch' },
      { loss_type: 'grpo', importance_sampling_level: 'sequence', epsilon: 3e-4, scale_rewards: 'batch' },
    ],
    [
      { algorithm: 'cispo', entropy_coefficient: 0.1 },
      { loss_type: 'cispo', epsilon_high: 5, entropy_coef: 0.1 },
    ],
  ])('have the algorithm where TRL has the same: %j', (training, expected) => {
    expect(settingsProblem(configOf(training))).toBeNull();
    expect(scriptSettings(jobOf(configOf(training)))['grpo']).toMatchObject(expected);
  });

  it.each([
    [
      { algorithm: 'rloo' },
      /^training\.algorithm is rloo, which TRL does not have .* expected grpo or dr-grpo/,
    ],
    [{ algorithm: 'dpo' }, /^training\.algorithm is dpo/],
    [
      { algorithm: 'dapo' },
      /^training\.overlong_share is 0\.2, .* expected 0, or training\.backend embedded/,
    ],
    [{ kl_estimator: 'k1' }, /^training\.kl_estimator is k1, .* expected k3/],
    [{ deviation_floor: 'judge' }, /^training\.deviation_floor is judge/],
  ])('are refused by name where it has not: %j', (training, expected) => {
    expect(settingsProblem(configOf(training))).toMatch(expected);
  });

  it('are refused where TRL has no such thing', () => {
    expect(settingsProblem(configOf({}, { temperature: 0 }))).toMatch(/temperature is 0/);
    const uneven = configOf({ prompts_per_step: 4, group_size: 3, trl: { micro_batch: 5 } });
    expect(settingsProblem(uneven)).toMatch(/micro_batch is 5: expected a divisor of the 12 answers/);
    expect(settingsProblem(configOf({ type: 'off_policy_async' }))).toMatch(
      /GRPOTrainer draws, asks and learns by turns/,
    );
    expect(settingsProblem(configOf())).toBeNull();
  });
});
