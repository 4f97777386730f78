export { openReplyCache, type StoredReplyCache } from './reply-cache.js';
export { type RolloutRecord, type StoredRollout } from './rollout-table.js';
export { openRun, type RunStore, type Stage, type StoredEvent } from './run-store.js';
export { readSummary, writeSummary } from './summary-file.js';
