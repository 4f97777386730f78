import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { cases } from './cases.testing.js';
import { ARTICLE, inputOf } from './job.testing.js';
import { decimal } from './decimal.js';
import { novaRecipe } from './recipe.js';

const messagesOf = (make: () => unknown): string[] => {
  try {
    make();
  } catch (error) {
    return (error as { problems: { message: string }[] }).problems.map(({ message }) => message);
  }
  return [];
};

describe('a recipe of Amazon Nova', () => {
  it('is for HyperPod what the article asks for', () => {
    const { recipe, yaml, remarks } = novaRecipe(inputOf('hyperpod', ARTICLE));
    expect(parse(yaml)).toEqual(recipe);
    expect(recipe).toMatchObject({
      run: { name: 'contracts-1', replicas: 2, generation_replicas: 2, mlflow_run_name: 'contracts-1' },
      training_config: {
        max_length: 64_000,
        reasoning_effort: null,
        data: { shuffle: false },
        rollout: {
          rollout_strategy: { type: 'off_policy_async', age_tolerance: 2 },
          advantage_strategy: { number_generation: 8 },
          generator: { max_new_tokens: 16_000, set_random_seed: true, temperature: 1, top_k: 0 },
          rewards: { api_endpoint: { lambda_concurrency_limit: 100 } },
        },
        trainer: {
          max_steps: 516,
          save_steps: 32,
          save_top_k: 17,
          clip_ratio_high: 0.28,
          peft: { peft_scheme: 'lora', lora_tuning: { alpha: 32, loraplus_lr_ratio: 64 } },
        },
      },
    });
    expect(yaml).not.toContain('proc_num');
    for (const said of [
      /^proc_num: ignored/,
      /^max_length is 64000: the hub's template takes a whole number from 4096 to 32768/,
      /8 prompts with 8 answers each; if it counts prompts, 64 prompts with 512 answers/,
      /8 optimizer steps old; if it counts optimizer steps, 2$/,
    ]) {
      expect(remarks.join('\n')).toMatch(new RegExp(said, 'm'));
    }
  });

  it('of a training job says what it ignores, and spells as training jobs do', () => {
    const { recipe, remarks } = novaRecipe(
      inputOf('training-job', { ...ARTICLE, loraplus_lr_ratio: 3, lambda_batch_size: 32 }),
    );
    expect(remarks.filter((one) => one.includes(': ignored')).map((one) => one.split(':')[0])).toEqual([
      'type',
      'age_tolerance',
      'proc_num',
      'save_top_k',
      'refit_freq',
      'clip_ratio_high',
      'loss_scale',
    ]);
    expect(recipe).toMatchObject({
      training_config: {
        rollout: { rewards: { api_endpoint: { lambda_batch_size: 32 } } },
        trainer: { kl_loss_coef: 0.001, peft: { lora_tuning: { lora_plus_lr_ratio: 3 } } },
      },
    });
    const full = novaRecipe({ ...inputOf('training-job', { alpha: 64 }), tuning: 'full' });
    expect(full.yaml).toContain('peft_scheme: null');
    expect(full.yaml).not.toContain('lora_tuning');
    expect(full.remarks).toContain(
      "alpha: ignored, a training job's recipe has no such key in full-rank tuning",
    );
    expect(novaRecipe({ ...inputOf('hyperpod'), tuning: 'full' }).yaml).not.toContain('peft');
  });

  it('of an evaluation leaves data and output to the request of a training job', () => {
    const run = (platform: 'hyperpod' | 'training-job') =>
      novaRecipe({ ...inputOf(platform), purpose: 'evaluation' }).recipe['run'];
    expect(run('hyperpod')).toMatchObject({
      data_s3_path: 's3://bucket/train.jsonl',
      output_s3_path: 's3://bucket/out/',
    });
    expect(run('training-job')).toMatchObject({ data_s3_path: '', output_s3_path: '' });
  });

  it('names everything that is wrong at once', () => {
    const wrong = {
      ...inputOf('hyperpod', {
        max_lenght: 1,
        number_generation: 17,
        learning_rate: '1e-5',
        lr: 1e-5,
        save_steps: 200,
        reasoning_effort: 'medium',
        temperature: true,
        replicas: 4,
        age_tolerance: 2.5,
      }),
      name: '-x',
      data: 'train.jsonl',
      instances: 3,
      rewardFunction: 'arn:aws:lambda:us-east-1:123456789012:function:reward',
    };
    expect(messagesOf(() => novaRecipe(wrong)).map((one) => one.replace("HyperPod's recipe: ", ''))).toEqual([
      'max_lenght: no recipe of AWS has such a key, and its SDKs would ignore it; did you mean max_length?',
      'number_generation is 17: expected a whole number from 2 to 16',
      'learning_rate is "1e-5": expected a number from 1e-8 to 0.001',
      'reasoning_effort is "medium": expected null, "low", "high"',
      'temperature is true: expected a number from 0 to 2',
      "replicas: no override: the job's instances says it",
      'age_tolerance is 2.5: expected a whole number from 1 to 20',
      expect.stringContaining('holds "SageMaker"'),
      'name is "-x": expected 1 to 63 letters, digits and hyphens, with no hyphen at an end',
      'data is "train.jsonl": expected s3://BUCKET/KEY',
      'instances is 3: expected 2, 4, 8, 16',
      'save_steps 200: expected at most the 100 of max_steps',
    ]);
    expect(messagesOf(() => novaRecipe(inputOf('hyperpod', { lr: 1e-5, learning_rate: 1e-5 })))).toEqual([
      "HyperPod's recipe: learning_rate: lr is there twice, by two names",
    ]);
    expect(messagesOf(() => novaRecipe(inputOf('hyperpod', { max_new_tokens: 10_240 })))).toEqual([
      "HyperPod's recipe: max_new_tokens 10240 leaves a prompt no room in max_length 10240",
    ]);
  });

  it('reads back as it was made, whatever is overridden', () => {
    const made = cases(7).flatMap(({ target, ...one }) => {
      if (target === 'serverless' || target === 'bedrock') return [];
      try {
        return novaRecipe({ ...one, purpose: target === 'evaluation' ? 'evaluation' : 'training' });
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        return [];
      }
    });
    expect(made.length).toBeGreaterThan(60);
    for (const { yaml, recipe } of made) expect(parse(yaml)).toEqual(recipe);
  });

  it('has floats that YAML 1.1 takes for floats', () => {
    const { yaml } = novaRecipe(inputOf('hyperpod', { ent_coeff: 0 }));
    expect(yaml).toContain('lr: 0.0000007');
    expect(yaml).toContain('ent_coeff: 0.0');
    expect(yaml).toContain('top_k: 0\n');
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(decimal(value)).toMatch(/^-?\d+\.\d+$/);
        expect(Number(decimal(value))).toBe(value === 0 ? 0 : value);
      }),
    );
  });
});
