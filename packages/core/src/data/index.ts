export { parseAnnotationLine, readAnnotations, type Annotation } from './annotations.js';
export { readJsonLines, recordsOrThrow, shorten, type LineProblem, type Parsed } from './json-lines.js';
export { parseLabelledLine, readLabelled, type LabelledAnswer, type Labels } from './labelled.js';
export { readTasks, readTasksStrict } from './read-tasks.js';
export {
  CASE_KINDS,
  parseRegressionLine,
  readRegression,
  type CaseKind,
  type RegressionCase,
} from './regression.js';
export { parseTaskLine, type TurnReader } from './task-line.js';
export {
  OUTPUT_FORMATS,
  readOutputs,
  TaskPool,
  type StoredAnswer,
  type StoredOutputs,
} from './outputs/index.js';
