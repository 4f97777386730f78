export {
  answerPolicyOf,
  answerPolicySchema,
  createAnswerReader,
  type Answer,
  type AnswerPolicy,
} from './answer-policy.js';
export { applyAbstentionPolicy } from './abstention.js';
export type { Check, CheckContext, CheckResult } from '../checks/check.js';
export type { CodeCheck } from '../checks/code.js';
export { defineCheck, type CheckDefinition } from '../checks/define.js';
export {
  checkSchema,
  createCheck,
  filesOfChecks,
  unusedCheckPackages,
  type CheckConfig,
} from '../checks/index.js';
export { normaliseTypography } from '../text/typography.js';
export { METRICS as SIMILARITY_METRICS } from '../checks/text-similarity.js';
export { openReward, type RewardParts, type RewardResources } from './open-reward.js';
export { parseFormula } from './formula.js';
export { createReward, type RewardFunction, type ScoreOptions } from './reward.js';
export { rewardSchema, type RewardConfig } from './schema.js';
export { asShown } from './shown.js';
