export { parseAnnotationLine, readAnnotations, type Annotation } from './annotations.js';
export {
  readJsonLines,
  recordsOrThrow,
  shorten,
  together,
  type LineProblem,
  type Parsed,
} from './json-lines.js';
export {
  parseLabelledLine,
  parseResponse,
  readLabelled,
  type Drawn,
  type LabelledAnswer,
  type Labels,
} from './labelled.js';
export { parseOutcomeLine, readOutcomes, type OutcomeAnswer } from './outcomes.js';
export { readTasks, readTasksStrict } from './read-tasks.js';
export {
  CASE_KINDS,
  parseRegressionLine,
  readRegression,
  type CaseKind,
  type RegressionCase,
} from './regression.js';
export { mistakenReference, type Meant } from './mistaken-keys.js';
export { readTaskLines } from './read-task-lines.js';
export { parseTaskLine, type TurnReader } from './task-line.js';
export {
  OUTPUT_FORMATS,
  formatOfAnswer,
  readOutputs,
  TaskPool,
  type StoredAnswer,
  type StoredOutputs,
} from './outputs/index.js';
