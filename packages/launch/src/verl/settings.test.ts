import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configJsonSchema } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configOf, jobOf } from './job.testing.js';
import { writePlan } from './plan.js';
import { configOf as verlConfig, counterparts, settingsProblem } from './settings.js';

describe('the settings of verl', () => {
  it('say of every key of training: and policy: what became of it, or that there is no counterpart', () => {
    const said = counterparts(jobOf(configOf()));
    const named = said.map(({ setting }) => setting);
    const text = JSON.stringify(configJsonSchema());
    for (const key of ['steps', 'updates_per_step', 'kl_coefficient', 'verl', 'ray', 'sft', 'warmup_steps']) {
      expect(text).toContain(`"${key}"`);
      expect(named).toContain(`training.${key}`);
    }
    for (const { becomes, note } of said) expect(becomes ?? note).not.toBe('');
    expect(said.find(({ setting }) => setting === 'reward.abstention.policy')).toMatchObject({
      becomes: 'the reward server',
      note: expect.stringContaining('the mean of its group stands in'),
    });
  });

  it('are the same numbers', () => {
    const config = configOf(
      {
        updates_per_step: 2,
        checkpoint_every: 3,
        learning_rate: 0.01,
        warmup_steps: 5,
        weight_decay: 0.2,
        max_grad_norm: 0.7,
        clip_low: 0.1,
        clip_high: 0.3,
        deviation: 'group',
        kl_coefficient: 0.05,
        verl: {
          nodes: 1,
          gpus_per_node: 2,
          tensor_parallel: 2,
          overrides: { 'actor_rollout_ref.rollout.gpu_memory_utilization': 0.4 },
        },
      },
      { policy: { model: 'local:model', max_tokens: 9, temperature: 0.8 }, seed: 4 },
    );
    expect(verlConfig(jobOf(config), 6)).toMatchObject({
      defaults: ['ppo_trainer', '_self_'],
      algorithm: { adv_estimator: 'grpo', norm_adv_by_std_in_grpo: true, use_kl_in_reward: false },
      data: {
        train_batch_size: 2,
        shuffle: false,
        max_prompt_length: 6,
        max_response_length: 9,
        train_files: ['/run/verl/rows.jsonl'],
      },
      actor_rollout_ref: {
        model: { path: '/policy' },
        rollout: {
          n: 2,
          temperature: 0.8,
          top_p: 1,
          top_k: -1,
          seed: 4,
          gpu_memory_utilization: 0.4,
          tensor_model_parallel_size: 2,
        },
        actor: {
          ppo_mini_batch_size: 2,
          ppo_epochs: 2,
          clip_ratio_low: 0.1,
          clip_ratio_high: 0.3,
          use_kl_loss: true,
          kl_loss_coef: 0.05,
          kl_loss_type: 'low_var_kl',
          loss_agg_mode: 'token-mean',
          optim: {
            lr: 0.01,
            betas: [0.9, 0.98],
            weight_decay: 0.2,
            clip_grad: 0.7,
            lr_warmup_steps: 5,
            zero_indexed_step: false,
            min_lr_ratio: 1,
          },
          checkpoint: { save_contents: ['model', 'optimizer', 'extra', 'hf_model'] },
        },
      },
      reward: { custom_reward_function: { path: '/run/verl/touchstone_verl.py', name: 'compute_score' } },
      trainer: {
        total_training_steps: 2,
        total_epochs: 1,
        save_freq: 3,
        nnodes: 1,
        n_gpus_per_node: 2,
        val_before_train: false,
      },
    });
  });

  it.each([
    [{}, { policy_loss: { loss_mode: 'vanilla' }, loss_agg_mode: 'token-mean', entropy_coeff: 0 }],
    [{ algorithm: 'dr-grpo' }, { loss_agg_mode: 'seq-mean-token-sum-norm', loss_scale_factor: 8 }],
    [
      { algorithm: 'gspo' },
      { policy_loss: { loss_mode: 'gspo' }, loss_agg_mode: 'seq-mean-token-mean', clip_ratio_high: 4e-4 },
    ],
    [
      { algorithm: 'cispo', kl_coefficient: 0.1, kl_estimator: 'k2' },
      { policy_loss: { loss_mode: 'cispo' }, clip_ratio_low: 1, clip_ratio_high: 4, kl_loss_type: 'mse' },
    ],
  ])('have the algorithm where verl has the same: %j', (training, expected) => {
    const job = jobOf(configOf(training));
    expect(settingsProblem(job)).toBeNull();
    expect(verlConfig(job, 6)).toMatchObject({ actor_rollout_ref: { actor: expected } });
  });

  it.each([
    [{ algorithm: 'rloo' }, /^training\.algorithm is rloo, which verl does not have/],
    [{ deviation: 'batch' }, /^training\.deviation is batch, .* expected group or none/],
    [{ ray: undefined }, /training\.ray is missing/],
    [{ verl: { gpus_per_node: 3 } }, /4 answers .* which 3 GPUs cannot share evenly/],
    [{ verl: { gpus_per_node: 2, tensor_parallel: 4 } }, /tensor_parallel is 4/],
    [{ verl: { overrides: { 'data.shuffle': true } } }, /data\.shuffle is decided by Touchstone/],
    [{ verl: { overrides: { 'actor_rollout_ref.actor': {} } } }, /actor_rollout_ref\.actor is decided/],
    [{ verl: { overrides: { 'trainer.logger.more': 1 } } }, /trainer\.logger\.more is decided/],
    // Prompts, and answers, would be others than those that check.py and the evaluations have.
    ...[
      'data.apply_chat_template_kwargs.enable_thinking',
      'actor_rollout_ref.model.custom_chat_template',
      'actor_rollout_ref.model.tokenizer_path',
      'actor_rollout_ref.rollout.response_length',
      'actor_rollout_ref.rollout.ignore_eos',
      'defaults',
      'trainer.resume_from_path',
    ].map((name): [object, RegExp] => [
      { verl: { overrides: { [name]: 1 } } },
      new RegExp(`${name} is decided by Touchstone`),
    ]),
  ])('%j is refused', (training, expected) => {
    expect(settingsProblem(jobOf(configOf(training)))).toMatch(expected);
  });

  it('are refused at a temperature of 0', () => {
    const config = configOf({}, { policy: { model: 'local:model', temperature: 0 } });
    expect(settingsProblem(jobOf(config))).toMatch(/temperature is 0/);
    expect(settingsProblem(jobOf(configOf({ type: 'off_policy_async' })))).toMatch(/not its fully_async/);
    expect(settingsProblem(jobOf(configOf()))).toBeNull();
  });
});

it('the plan has a row for each place of each step, and of a task nothing but its messages', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-verl-'));
  const job = { ...jobOf(configOf(), ['a', 'b', 'b', 'a']), folder };
  const { files, settings } = await writePlan(job);
  const at = (name: string): string => readFileSync(join(folder, name), 'utf8');
  for (const { path } of files) expect(at(path)).not.toMatch(/the secret|kept here/);
  const rows = at('rows.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(rows).toHaveLength(4);
  expect(rows[2]).toEqual({
    data_source: 'touchstone',
    prompt: [{ role: 'user', content: 'ask b' }],
    reward_model: { style: 'rule', ground_truth: '2 b' },
    extra_info: { index: 2, messages: [{ role: 'user', content: 'ask b' }] },
  });
  expect(parse(at('verl.yaml'))).toMatchObject({ data: { max_prompt_length: 5 } });
  expect(settings.length).toBeGreaterThan(20);
  const before = files.map(({ path }) => at(path));
  await writePlan(job);
  expect(files.map(({ path }) => at(path))).toEqual(before);
});
