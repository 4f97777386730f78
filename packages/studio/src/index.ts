export { renderReport } from './report.js';
export { summaryJsonSchema } from './schema.js';
export { verdict, type Outcome, type Reading } from './verdict.js';
