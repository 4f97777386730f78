export { assertOwn, namesIn, remove, removePartials, writeWhole } from './files.js';
export { appendDurably, readJournal } from './journal.js';
export { openReplyCache, type StoredReplyCache } from './reply-cache.js';
export { type RolloutRecord, type StoredRollout } from './rollout-table.js';
export { isRunLocked } from './run-lock.js';
export { openRun, type RunStore, type Stage, type StoredEvent } from './run-store.js';
export { isSealed, readSealed, writeSealed, type Seal } from './sealed-folder.js';
export {
  EVALUATION_FILE,
  readAnySummary,
  readEvaluation,
  readSummary,
  writeEvaluation,
  writeSummary,
} from './summary-file.js';
export { sha256, sha256OfFile } from './sha256.js';
