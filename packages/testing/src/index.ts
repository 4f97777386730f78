export { RequestChecker, WITHOUT_BOTOCORE, type AwsRequest } from './aws/request-checker.js';
export { tarOf } from './aws/tar-of.js';
export { AwsSimulator, type AwsFaultPlan } from './aws/simulator.js';
export type { SimulatedJob } from './aws/simulated-job.js';
export { answerHostileEvent, hostileEvent } from './hostile/events.js';
export { hostileReply, readHostile } from './hostile/replies.js';
export {
  simulatedJudge,
  simulatedParts,
  simulatedReward,
  type ItemBehaviour,
} from './judges/contract-reward.js';
export { findingJudge, findingOf, judgeFinding } from './judges/finding-judge.js';
export { accessTo, groupOf, judgeSimulator, task, type JudgeSimulator } from './judges/judge-simulator.js';
export { candidatesIn, sectionOf } from './judges/prompt.js';
export { candidateOf, goodIsUseful, ruleJudge } from './judges/rule-judge.js';
export { createEchoProvider, type EchoOptions } from './provider/echo.js';
export { drawnFates, NO_FAULTS, PRODUCTION, type Behaviour, type Fate } from './provider/fates.js';
export { modelOf } from './provider/model.js';
export { ProviderSimulator, type ProviderOptions } from './provider/provider.js';
export { startProvider, type ProviderServer } from './provider/server.js';
export { REDIS, startRedis, WITHOUT_REDIS, type RedisServer } from './redis-server.js';
export { excessOver, mostWithin } from './provider/windows.js';
export { createVirtualClock, type VirtualClock } from './virtual-clock.js';
