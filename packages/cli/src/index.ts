/**
 * Touchstone as a library: everything that a program needs to judge answers, to make a reward of it and to train against
 * it. Each group comes from a package that can be installed by itself, where a small install counts: `@touchstone/core`
 * has judges and rewards without anything native.
 *
 * @module
 */

// The words: a task, an answer to it, what a judge and a reward say of it.
export {
  InputError,
  ProviderError,
  GateError,
  RunError,
  random,
  type Task,
  type Message,
  type Rollout,
  type Verdict,
  type Reward,
  type LanguageModel,
  type ModelRequest,
  type ModelReply,
  type ReplyCache,
  type RunEvent,
  type RunListener,
  type Summary,
  type TrainingsSummary,
} from '@touchstone/spec';

// Data, judges, checks, rewards.
export {
  readTasksStrict,
  readAnnotations,
  readLabelled,
  readRegression,
  judgeSchema,
  createReplyCache,
  rewardSchema,
  openReward,
  createReward,
  applyAbstentionPolicy,
  type Judge,
  type Judgement,
  type JudgeConfig,
  type RewardConfig,
  type RewardFunction,
  type CheckContext,
  type CodeJudge,
  type CodeVerdict,
  type LabelledAnswer,
  type RegressionCase,
} from '@touchstone/core';

// The main job, from one configuration to its report.
export {
  loadConfig,
  openWorkspace,
  runPipeline,
  openTrainings,
  runTrainings,
  readSummary,
  loadExaminationConfig,
  openExamination,
  examineJudge,
  rewardResources,
  version,
  type Config,
  type LoadedConfig,
  type Workspace,
} from '@touchstone/run';

// Is this judge fit to train against, and is this model better?
export {
  validateJudge,
  assertGatePassed,
  compareModels,
  summariseModel,
  meanInterval,
  clusteredMeanInterval,
  pairedDifference,
  shareInterval,
  weightedKappa,
  type ValidationInput,
  type ValidationResult,
} from '@touchstone/lab';

// Models of this machine, and training them.
export {
  ChatTokenizer,
  CausalLM,
  openLocalModel,
  AdamW,
  ADAMW_DEFAULTS,
  gradients,
  logProbabilities,
  type TrainingSequence,
} from '@touchstone/engine';
export {
  train,
  trainingSchema,
  samplingSchema,
  Policy,
  sampleGroups,
  scoreGroups,
  openAlgorithm,
  makeBatch,
  Learner,
  fineTune,
  saveCheckpoint,
  loadCheckpoint,
  type TrainOptions,
  type TrainingStep,
  type PolicyRollout,
  type ScoredGroup,
} from '@touchstone/train';
