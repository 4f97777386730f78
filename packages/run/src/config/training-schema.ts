import { z } from 'zod';

const count = z.int().min(1);
const positive = z.number().positive();

/** Supervised fine-tuning on `data.annotations`, before reinforcement. */
const sftSchema = z.strictObject({
  steps: count
    .default(200)
    .describe(
      'Optimiser steps at least; it goes on for as long as reinforcement took, and keeps the step with the best validation loss',
    ),
  batch_size: count.default(16).describe('Annotations per step'),
  learning_rate: positive.default(1e-5).describe('Peak learning rate of AdamW'),
  validation_share: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('Share of the annotations held back to choose the best step; at least one is'),
  evaluate_every: count.default(20).describe('Steps between two looks at the validation loss'),
});

/** Reinforcement fine-tuning with GRPO. */
export const trainingSchema = z.strictObject({
  algorithm: z.literal('grpo').default('grpo').describe('Group relative policy optimisation'),
  steps: count.default(100).describe('Training steps; each samples, scores and updates'),
  prompts_per_step: count.default(16).describe('Tasks that are sampled in a step'),
  group_size: z.int().min(2).default(8).describe('Answers per task; they are compared with one another'),
  learning_rate: positive
    .default(1e-6)
    .describe('Peak learning rate of AdamW; small models want more, say 3e-4'),
  warmup_steps: z.int().min(0).default(0).describe('Steps over which the learning rate rises from 0'),
  weight_decay: z.number().min(0).default(0).describe('Decoupled weight decay of AdamW'),
  max_grad_norm: positive.default(1).describe('Gradients are scaled down to this norm'),
  clip_low: z.number().gt(0).lt(1).default(0.2).describe('The probability ratio is clipped at 1 - clip_low'),
  clip_high: positive.default(0.28).describe('The probability ratio is clipped at 1 + clip_high'),
  scale_advantages: z
    .boolean()
    .default(false)
    .describe(
      "Divide advantages by the group's standard deviation; false keeps easy and hard tasks comparable",
    ),
  kl_coefficient: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the KL penalty to the policy that training starts from; 0 needs no second model'),
  updates_per_step: count.default(1).describe('Optimiser updates on the rollouts of one step'),
  checkpoint_every: count
    .default(10)
    .describe('Steps between checkpoints; a killed run goes on from the last one'),
  sft: sftSchema.optional().describe('Supervised fine-tuning on data.annotations before reinforcement'),
});
