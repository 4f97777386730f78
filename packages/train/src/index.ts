export {
  saveCheckpoint,
  latestCheckpoint,
  loadCheckpoint,
  pruneCheckpoints,
  type Checkpoint,
} from './checkpoint.js';
export { train, type TrainingStep, type TrainOptions } from './loop.js';
export type { StepMetrics } from './metrics.js';
export { Policy, type PolicyRollout } from './policy.js';
export {
  samplingSchema,
  trainingSchema,
  type SamplingOptions,
  type SftOptions,
  type TrainingOptions,
} from './schema.js';
export type { ScoredGroup } from './scorer.js';
export { fineTune, type FineTuneOptions, type FineTuneResult } from './supervised/fine-tune.js';
export { negativeLogLikelihood } from './supervised/loss.js';
