export type { Algorithm, JudgeNoise } from './algorithms/algorithm.js';
export { openAlgorithm } from './algorithms/index.js';
export { makeBatch } from './batch.js';
export {
  checkpointName,
  saveCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  removeCheckpoint,
  type Checkpoint,
  type Origin,
  type SavedCheckpoint,
} from './checkpoint.js';
export { Learner, withReference } from './learner.js';
export { train, type TrainingStep, type TrainOptions } from './loop.js';
export { assertEnoughMemory, type NamedLoad } from './memory.js';
export { stepMetrics, type MeasuredGroup, type StepMetrics } from './metrics.js';
export { openOptimizer } from './optimizer.js';
export { Policy, type Draws, type PolicyRollout } from './policy.js';
export { sampleGroups, tasksOfStep } from './sampler.js';
export {
  samplingSchema,
  trainingSchema,
  type SamplingOptions,
  type SftOptions,
  type TrainingOptions,
} from './schema.js';
export { scoreGroups, stopOnAbstentions, type ScoredGroup } from './scorer.js';
export {
  examplesOf,
  fineTune,
  type FineTuneCheckpoint,
  type FineTuneOptions,
  type FineTuneStep,
} from './supervised/fine-tune.js';
export { negativeLogLikelihood } from './supervised/loss.js';
