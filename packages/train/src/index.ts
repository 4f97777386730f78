export * from './checkpoint.js';
export * from './grpo/advantages.js';
export * from './grpo/grpo.js';
export * from './grpo/loss.js';
export * from './policy.js';
export * from './supervised/fine-tune.js';
export * from './supervised/loss.js';
