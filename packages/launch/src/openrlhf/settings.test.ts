import { configJsonSchema } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { NOTHING_BEYOND } from '../translation.js';
import { configOf, jobOf } from './job.testing.js';
import { argumentsOf, counterparts, jobSettings, settingsProblem } from './settings.js';

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

/** Options by their names. */
function optionsOf(...made: Parameters<typeof configOf>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  let values: string[] = [];
  for (const text of argumentsOf(jobOf(configOf(...made)), 30)) {
    if (text.startsWith('--')) found[text.slice(2)] = values = [];
    else values.push(text);
  }
  return found;
}

describe('the settings of OpenRLHF', () => {
  it('say of every key of training: and policy: what became of it, or that there is no counterpart', () => {
    const said = counterparts(jobOf(configOf()));
    const named = said.map(({ setting }) => setting);
    const others = [
      'trl',
      'verl',
      'aws',
      'age_tolerance',
      'refit_freq',
      'importance_cap',
      'save_top_k',
      'validation_tasks',
      'patience',
      ...Object.keys(NOTHING_BEYOND),
    ];
    for (const key of keysOfTraining())
      expect(named.includes(`training.${key}`), key).toBe(!others.includes(key));
    for (const { becomes, note } of said) expect(becomes ?? note).not.toBe('');
    expect(said.find(({ setting }) => setting === 'training.sft')).toMatchObject({
      becomes: null,
      note: expect.stringContaining('embedded engine'),
    });
    expect(said.find(({ setting }) => setting === 'reward.abstention.policy')?.note).toMatch(
      /cannot leave an answer out: it gets the mean/,
    );
  });

  it('are the same numbers', () => {
    const options = optionsOf(
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
        openrlhf: { nodes: 2, gpus_per_node: 2, tensor_parallel: 2, micro_batch: 3 },
      },
      { policy: { max_tokens: 9, temperature: 0.8 } },
    );
    expect(options).toMatchObject({
      'rollout.batch_size': ['4'],
      'rollout.n_samples_per_prompt': ['3'],
      'train.batch_size': ['12'],
      'train.max_epochs': ['2'],
      'ckpt.save_steps': ['3'],
      'actor.adam.lr': ['0.01'],
      'actor.adam.betas': ['0.9', '0.98'],
      'actor.eps_clip_low_high': ['0.1', '0.3'],
      'algo.advantage.estimator': ['group_norm'],
      'algo.kl.init_coef': ['0.05'],
      'algo.kl.use_loss': [],
      'actor.max_norm': ['0.7'],
      'actor.adam.weight_decay': ['0.2'],
      'rollout.max_new_tokens': ['9'],
      'data.max_len': ['39'],
      'rollout.temperature': ['0.8'],
      'vllm.num_engines': ['2'],
      'vllm.tensor_parallel_size': ['2'],
      'actor.num_nodes': ['2'],
    });
    // Of 12 updates 10 are warm-up, however OpenRLHF rounds.
    const [share] = options['actor.lr_warmup_ratio']!;
    expect(Math.ceil(12 * Number(share))).toBe(10);
    // A minus sign before what argparse does not take for a number would make an option of it.
    for (const values of Object.values(options))
      for (const value of values) expect(value).not.toMatch(/^-(?!\d+$|\d*\.\d+$)/);
  });

  it('leave out what costs memory and has no effect', () => {
    const options = optionsOf({ kl_coefficient: 0 });
    expect(options['algo.kl.init_coef']).toEqual(['0']);
    expect(options).not.toHaveProperty('algo.kl.use_loss');
    expect(options['algo.advantage.estimator']).toEqual(['dr_grpo']);
    expect(options['actor.lr_warmup_ratio']).toEqual(['0']);
  });

  it('name the job to its files', () => {
    const job = jobOf(configOf({ steps: 3, openrlhf: { gpus_per_node: 2 } }));
    expect(jobSettings(job, 30)).toMatchObject({
      run: 'r1',
      end_tokens: [2, 7],
      gpus: 2,
      output: 'output/checkpoint-3',
    });
  });

  it('have the algorithm where OpenRLHF has the same, and are refused by name where it has not', () => {
    const gspo = { algorithm: 'gspo', kl_coefficient: 0.1, kl_estimator: 'k2', entropy_coefficient: 0.2 };
    expect(settingsProblem(configOf(gspo))).toBeNull();
    expect(optionsOf(gspo)).toMatchObject({
      'actor.policy_loss_type': ['gspo'],
      'actor.loss_agg_mode': ['seq-mean-token-mean'],
      'algo.advantage.estimator': ['group_norm'],
      'algo.kl.estimator': ['k2'],
      'actor.entropy_coef': ['0.2'],
    });
    for (const algorithm of ['dr-grpo', 'rloo', 'cispo', 'best-of-n', 'dpo']) {
      expect(settingsProblem(configOf({ algorithm }))).toMatch(
        /^training\.algorithm is .* expected grpo or dapo or gspo/,
      );
    }
    expect(settingsProblem(configOf({ deviation: 'batch' }))).toMatch(/^training\.deviation is batch/);
  });

  it('are refused where OpenRLHF has no such thing', () => {
    expect(settingsProblem(configOf({}, { policy: { temperature: 0 } }))).toMatch(/temperature is 0/);
    const odd = { gpus_per_node: 3, tensor_parallel: 2 };
    expect(settingsProblem(configOf({ openrlhf: odd }))).toMatch(/tensor_parallel is 2: expected a divisor/);
    const uneven = { prompts_per_step: 2, group_size: 3, openrlhf: { gpus_per_node: 4 } };
    expect(settingsProblem(configOf(uneven))).toMatch(
      /the 6 answers of a step .* cannot be shared by 4 GPUs/,
    );
    expect(settingsProblem(configOf({ type: 'off_policy_async' }))).toMatch(/without --train.async_enable/);
    expect(settingsProblem(configOf())).toBeNull();
  });
});
