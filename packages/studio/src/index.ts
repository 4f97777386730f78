export { renderJudgeReport, type JudgeReport } from './report/judge-report.js';
export { renderReport } from './report/report.js';
export { summaryJsonSchema } from './report/schema.js';
export { verdict, type Outcome, type Reading } from './report/verdict.js';
