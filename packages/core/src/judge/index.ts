export type { Judge, JudgedRollout, Judgement, JudgeOptions, MemberJudgement } from './judge.js';
export { createJudge } from './rubric/rubric.js';
export { parseReply, type ParsedReply } from './parse.js';
export { createRenderer, type Renderer } from './render.js';
export { describeReply, replySchema } from './reply-format.js';
export { judgeSchema, type Criterion, type JudgeConfig } from './schema.js';
export { answerScore, scaleRange, toScore, type AnswerScore } from './score.js';
