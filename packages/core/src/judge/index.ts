export type { ModelAccess, ModelCallsConfig } from './asking-judge.js';
export type { CodeJudge, CodeVerdict } from './code/verdict.js';
export type { Criterion } from './criterion.js';
export { defineJudge, type JudgeContext, type JudgeDefinition, type JudgeResources } from './define.js';
export {
  VARIANT_NAMES,
  type Judge,
  type JudgedRollout,
  type Judgement,
  type JudgeOptions,
  type JudgeVariant,
  type MemberJudgement,
  type VariantName,
} from './judge.js';
export { judgeSchema, type JudgeConfig } from './kinds.js';
export { assertTaskCriteria, criteriaFor } from './members.js';
export { missingPrices } from './missing-prices.js';
export { modelsWithin } from './models-within.js';
export { canonical, fingerprintOf } from './fingerprint.js';
export { openCalls } from './open-calls.js';
export { criteriaOf, filesOfJudge, judgesWithin, openJudge, singleJudges } from './open-judge.js';
export { readLabelReply } from './grader/label-reply.js';
export { readScoreReply } from './grader/score-reply.js';
export { parseReply, type ParsedReply } from './parse.js';
export { describeReply, replySchema } from './reply-format.js';
export { createRenderer, type Renderer } from './rubric/prompt.js';
export { rubricSchema, type RubricConfig } from './rubric/schema.js';
export {
  pointsScore,
  scaleRange,
  scoreCriteria,
  toScore,
  vetoOf,
  weightedMean,
  type AnswerScore,
} from './score.js';
export { FAULTS, MERITS } from './task-criteria/schema.js';
