export { renderAlignmentReport } from './report/alignment-report.js';
export { renderJudgeReport, type JudgeReport } from './report/judge-report.js';
export { renderReport } from './report/report.js';
export { alignmentJsonSchema, summaryJsonSchema, trainingsJsonSchema } from './report/schema.js';
export { ONE_DRAW, verdict, type Outcome, type Reading } from './report/verdict.js';
