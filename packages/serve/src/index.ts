export { isLoopback } from './http/access.js';
export { openApiDocument } from './http/openapi.js';
export { createRewardServer, type RewardServer, type RewardServerOptions } from './http/server.js';
export { createTelemetry } from './http/telemetry.js';
export {
  createLambdaHandler,
  lambdaHandlerOf,
  type LambdaConfig,
  type LambdaContext,
  type LambdaHandler,
  type LambdaWire,
  type WrappedResults,
} from './function/handler.js';
export { KEY_ARN_VARIABLE } from './function/keys.js';
export type { SampleLine } from './function/log.js';
export { parseRewardEvent, type NovaSample } from './function/nova/event.js';
export { scoreNovaEvent, type NovaMetric, type NovaOptions, type NovaResult } from './function/nova/score.js';
export { describeOutcome, knownMoney, type RewardRecord } from './scoring/describe-outcome.js';
export { reportToStderr, type Notice, type Report } from './scoring/notice.js';
export { parseSampleLine } from './scoring/sample.js';
export { scoreWithin, type Outcome } from './scoring/score-within.js';
export {
  CLIENT as REWARD_CLIENT,
  clientSource,
  renderShim,
  shimFile,
  SHIMS,
  type ShimName,
} from './shims/render.js';
