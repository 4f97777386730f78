export * from './dispatch/index.js';
export * from './judge/index.js';
export * from './providers/index.js';
export * from './reward/index.js';
export * from './data/index.js';
export { parseAnswer } from './text/answer.js';
export { isRecord, own } from './text/json-value.js';
export { breakThinking, openedThought } from './text/thinking.js';
export { readTaskPath } from './text/task-path.js';
