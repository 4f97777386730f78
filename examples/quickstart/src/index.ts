export { prepareQuickstart } from './prepare.js';
export { ANNOTATION_RATES, CLEAN_RATES } from './reviews.js';
export { writeExaminations } from './simulated-judges/configuration.js';
export {
  full,
  honest,
  levelOf,
  mapValues,
  meanOf,
  SIMULATED_JUDGES,
  spread,
} from './simulated-judges/judges.js';
export { prepareJudges, type QuickstartJudge } from './simulated-judges/quickstart.js';
export { openSimulator } from './simulated-judges/simulator.js';
