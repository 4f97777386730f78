import { AdamW, ADAMW_DEFAULTS, type CausalLM } from '@touchstone/engine';
import type { OptimizerOptions } from './schema.js';

/** AdamW on a model's trainable weights, as configured. */
export const openOptimizer = (model: CausalLM, { weight_decay, max_grad_norm }: OptimizerOptions): AdamW =>
  new AdamW(model, { ...ADAMW_DEFAULTS, weightDecay: weight_decay, maxGradNorm: max_grad_norm });
