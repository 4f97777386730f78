export { createRewardServer, type RewardServer, type RewardServerOptions } from './http/server.js';
export { parseRewardEvent, type NovaSample } from './nova/event.js';
export { createLambdaHandler, type LambdaContext, type LambdaHandler } from './nova/lambda.js';
export { scoreNovaEvent, type NovaMetric, type NovaOptions, type NovaResult } from './nova/score.js';
export { describeOutcome, type RewardRecord } from './scoring/describe-outcome.js';
export { reportToStderr, type Notice, type Report } from './scoring/notice.js';
export { createReplyCache } from '@touchstone/core';
export { parseSampleLine } from './scoring/sample.js';
export { scoreWithin, type Outcome } from './scoring/score-within.js';
