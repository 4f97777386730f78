export {
  formatOfAnswer,
  OUTPUT_FORMATS,
  readOutputs,
  type StoredAnswer,
  type StoredOutputs,
} from './read-outputs.js';
export { TaskPool } from './task-pool.js';
