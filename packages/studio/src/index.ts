export { renderAlignmentReport } from './report/alignment-report.js';
export { renderJudgeReport, type JudgeReport } from './report/judge-report.js';
export { renderReport } from './report/report.js';
export { evaluationVerdict, lengthText, pairText } from './report/evaluation/verdict.js';
export { renderEvaluation } from './report/evaluation/page.js';
export {
  alignmentJsonSchema,
  evaluationJsonSchema,
  recordJsonSchema,
  summaryJsonSchema,
  trainingsJsonSchema,
} from './report/schema.js';
export { evalTasks, ONE_DRAW, verdict, type Outcome, type Reading } from './report/verdict.js';
