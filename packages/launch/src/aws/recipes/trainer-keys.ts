import type { Limits, RecipeKey } from './key.js';
import { hub, LORA, OPTIMIZER, sentBySdk, SHARE, TRAINER, training } from './places.js';

const STEPS: Limits = { min: 5, max: 100_000 };
const SAVES: Limits = { min: 0, max: 100_000 };
const ALPHAS = [16, 32, 64];
/** As the recipes write it: at the end of the training only. */
const AT_THE_END = '${oc.select:training_config.trainer.max_steps}';

/** Keys of the update. */
export const TRAINER_KEYS = {
  max_steps: {
    type: 'integer',
    about: 'Optimizer steps',
    limits: STEPS,
    in: {
      ...training(`${TRAINER}.max_steps`, 100, 5, hub('max_steps', STEPS)),
      serverless: { path: 'max_steps', default: 10, ...hub('max_steps', STEPS) },
    },
    note: 'Bedrock counts passes over the data (max_epochs)',
  },
  save_steps: {
    type: 'integer',
    about: 'Optimizer steps between checkpoints; 0: at the end only',
    limits: SAVES,
    in: {
      ...training(`${TRAINER}.save_steps`, AT_THE_END, AT_THE_END, hub('save_steps', SAVES)),
      serverless: { path: 'save_steps', default: 10, ...hub('save_steps', SAVES) },
    },
  },
  save_top_k: {
    type: 'integer',
    about: 'Checkpoints that are kept',
    limits: { min: 1 },
    in: { hyperpod: { path: `${TRAINER}.save_top_k`, default: 5 } },
  },
  test_steps: {
    type: 'integer',
    about: 'Steps between two looks at the validation data',
    also: ['test_freq', 'evalInterval'],
    limits: { min: 1 },
    in: {
      'training-job': { path: `${TRAINER}.test_steps`, only: 'documentation' },
      bedrock: { path: 'evalInterval', default: 10, limits: { min: 1, max: 100 } },
    },
  },
  refit_freq: {
    type: 'integer',
    about: 'Optimizer steps between two pushes of the weights to what draws answers',
    limits: { min: 1, max: 4 },
    in: { hyperpod: { path: `${TRAINER}.refit_freq`, default: 4 } },
  },
  clip_ratio_high: {
    type: 'float',
    about: 'How far the probability ratio may rise above 1',
    limits: { min: 0.1, max: 10 },
    in: { hyperpod: { path: `${TRAINER}.clip_ratio_high`, default: 0.2 } },
  },
  ent_coeff: {
    type: 'float',
    about: 'Weight of the entropy bonus',
    limits: { min: 0, max: 0.1 },
    in: { ...training(`${TRAINER}.ent_coeff`, 0.001, 0), ...sentBySdk('ent_coeff') },
  },
  kl_loss_coef: {
    type: 'float',
    about: 'Weight of the KL penalty to the model that training starts from',
    limits: { min: 0 },
    in: { 'training-job': { path: `${TRAINER}.kl_loss_coef`, default: 0.001 }, ...sentBySdk('kl_loss_coef') },
  },
  loss_scale: {
    type: 'integer',
    about: 'Factor of the loss',
    limits: { min: 1 },
    in: { hyperpod: { path: `${TRAINER}.loss_scale`, default: 1 } },
  },
  lr: {
    type: 'float',
    about: 'Learning rate',
    also: ['learning_rate', 'learningRate'],
    limits: { min: 1e-7, max: 1e-3 },
    in: {
      hyperpod: {
        path: `${OPTIMIZER}.lr`,
        default: 7e-7,
        limits: { min: 1e-8, max: 1e-3 },
        ...hub('learning_rate', { min: 1e-8, max: 1e-3 }),
      },
      'training-job': {
        path: `${OPTIMIZER}.lr`,
        default: 1e-4,
        ...hub('learning_rate', { min: 1e-7, max: 1e-3 }),
      },
      serverless: { path: 'learning_rate', default: 1e-4, ...hub('learning_rate', { min: 1e-7, max: 1e-3 }) },
      bedrock: { path: 'learningRate', default: 1e-5 },
    },
  },
  weight_decay: {
    type: 'float',
    about: 'Weight decay',
    limits: SHARE,
    in: { ...training(`${OPTIMIZER}.weight_decay`, 0, 0), ...sentBySdk('weight_decay') },
  },
  adam_beta1: {
    type: 'float',
    about: "Adam's first",
    limits: SHARE,
    in: { ...training(`${OPTIMIZER}.adam_beta1`, 0.9, 0.9), ...sentBySdk('adam_beta1') },
  },
  adam_beta2: {
    type: 'float',
    about: "Adam's second",
    limits: SHARE,
    in: { ...training(`${OPTIMIZER}.adam_beta2`, 0.95, 0.95), ...sentBySdk('adam_beta2') },
  },
  alpha: {
    type: 'integer',
    about: 'Scale of the adapters',
    also: ['lora_alpha'],
    limits: { values: ALPHAS },
    in: {
      hyperpod: {
        path: `${LORA}.alpha`,
        default: 32,
        limits: { values: [16, 32, 64, 96, 128, 160, 192] },
        loraOnly: true,
        ...hub('lora_alpha', { values: ALPHAS }),
      },
      'training-job': {
        path: `${LORA}.alpha`,
        default: 32,
        loraOnly: true,
        ...hub('lora_alpha', { values: ALPHAS }),
      },
      serverless: { path: 'lora_alpha', default: 32, ...hub('lora_alpha', { values: ALPHAS }) },
    },
  },
  lora_plus_lr_ratio: {
    type: 'float',
    about: 'How much faster one half of the adapters learns (LoRA+)',
    also: ['loraplus_lr_ratio', 'learning_rate_ratio'],
    limits: { min: 0, max: 100 },
    in: {
      hyperpod: {
        path: `${LORA}.loraplus_lr_ratio`,
        default: 64,
        loraOnly: true,
        ...hub('learning_rate_ratio', { min: 1, max: 70 }),
      },
      'training-job': {
        path: `${LORA}.lora_plus_lr_ratio`,
        default: 64,
        loraOnly: true,
        ...hub('learning_rate_ratio', { min: 0, max: 100 }),
      },
      serverless: {
        path: 'learning_rate_ratio',
        default: 64,
        ...hub('learning_rate_ratio', { min: 0, max: 100 }),
      },
    },
  },
} satisfies Record<string, RecipeKey>;
