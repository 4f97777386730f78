export * from './errors.js';
export * from './json.js';
export * from './model.js';
export * from './random.js';
export * from './reward.js';
export * from './summary.js';
export * from './task.js';
