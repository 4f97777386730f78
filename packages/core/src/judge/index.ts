export type { Judge, JudgedRollout, Judgement, JudgeOptions, MemberJudgement } from './judge.js';
export { openCalls } from './open-calls.js';
export {
  createJudge,
  criteriaOf,
  judgesWithin,
  openJudge,
  singleJudges,
  type JudgeResources,
} from './open-judge.js';
export { parseReply, type ParsedReply } from './parse.js';
export { describeReply, replySchema } from './reply-format.js';
export { createRenderer, type Renderer } from './rubric/prompt.js';
export type { Criterion } from './criterion.js';
export {
  judgeSchema,
  rubricSchema,
  type JudgeConfig,
  type RubricConfig,
  type SingleJudgeConfig,
} from './schema.js';
export { scaleRange, toScore, type AnswerScore } from './score.js';
