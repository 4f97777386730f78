export * from './dispatch/index.js';
export * from './judge/index.js';
export * from './providers/index.js';
export * from './reward/index.js';
export * from './data/index.js';
export { parseAnswer } from './answer.js';
export { isRecord, own } from './own.js';
export { readTaskPath } from './task-path.js';
