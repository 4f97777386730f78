export { createJudge, type Judge, type Judgement } from './judge.js';
export { parseReply, type ParsedReply } from './parse.js';
export { createRenderer, type Renderer } from './render.js';
export { describeReply, replySchema } from './reply-format.js';
export { judgeSchema, type Criterion, type JudgeConfig } from './schema.js';
export { answerScore, scaleRange, toScore, type AnswerScore } from './score.js';
export { createGraderJudge, graderSchema, type GraderConfig } from './score-model.js';
