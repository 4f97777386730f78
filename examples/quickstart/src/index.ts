export { prepareQuickstart } from './prepare.js';
export { ANNOTATION_RATES, CLEAN_RATES } from './reviews.js';
export { prepareJudges, type QuickstartJudge } from './simulated-judges/quickstart.js';
