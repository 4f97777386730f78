export { openReplyCache, type StoredReplyCache } from './reply-cache.js';
export { type RolloutRecord, type StoredRollout } from './rollout-table.js';
export { openRun, type RunStore, type Stage } from './run-store.js';
