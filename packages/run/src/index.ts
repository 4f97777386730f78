/**
 * The main job without a terminal: from a `touchstone.yaml` to a trained model and every figure of it.
 *
 * @example
 * const workspace = await openWorkspace(await loadConfig('touchstone.yaml'));
 * const summary = await runPipeline(workspace, { onEvent: (event) => console.log(event.type, event.stage) });
 * workspace.store.close();
 *
 * @module
 */

// The job, in the order of the example. Its events and its summary are described in spec.
export {
  loadConfig,
  loadEvaluationConfig,
  loadExaminationConfig,
  loadScoringConfig,
  type Loaded,
  type LoadedConfig,
} from './config/load.js';
export { askRun, type Asked } from './training/asked.js';
export { readSnapshot, type RunSnapshot, type SeenAnswer } from './snapshot.js';
export {
  compareStored,
  examineTraining,
  openEvaluation,
  openTrainings,
  openWorkspace,
  planEvaluation,
  planTraining,
  runEvaluation,
  runPipeline,
  runTrainings,
} from './main-job.js';
export { SEEDS_EXPECTED, seedsSchema, type Seeds } from './config/seeds.js';
export type { Trainings } from './trainings/open.js';
export { localPolicy } from './workspace/local-policy.js';
export type { Workspace } from './workspace/workspace.js';
export { openExamination, type Examination } from './workspace/examination.js';
export type { RunOptions } from './pipeline.js';
export type { Evaluation, EvaluationOptions } from './evaluation/open.js';
export type { EvaluationPlan, PlannedCalls } from './evaluation/plan.js';
export type { TrainingPlan } from './training/ahead.js';
export { budgetWarnings } from './stages/plan-budget.js';
export { callsPerAnswer, planExamination, type ModelCalls, type PhaseCost } from './stages/plan.js';
export { alignWithMetrics, planAlignment } from './stages/align.js';
export { openAlignment, type Alignment } from './workspace/alignment.js';
export { examineJudge, type ExaminationResult } from './stages/examine.js';
export { judgeSummary } from './stages/judge-summary.js';
export { testJudge, type JudgeTest } from './stages/test-judge.js';
export { openLabelling, type LabellingOptions } from './labelling/open.js';
export { type Labelling, type LabelsSummary } from './labelling/labelling.js';
export { levelsOf, type Questions, type Section } from './labelling/questions.js';
export { type Given } from './labelling/journals.js';
export { readAnySummary, readSummary } from '@touchstone/store';
export type { ComparisonOptions } from './comparison/compare.js';
export { writeAnswers } from './comparison/rows-file.js';
export { systemClock, type Clock } from './clock.js';
export { version } from './version.js';

// Other people's trainers: what they are told and what they give back. The room launch has the table of them.
export type {
  Backend,
  BackendPlan,
  Counterpart,
  DrawnAnswer,
  DrawnStep,
  PlannedCost,
  ToldStep,
  LaunchedJob,
  TrainingJob,
} from './training/backend.js';

// A configuration's parts, for what scores without training.
export {
  configSchema,
  scoringSchema,
  type Config,
  type ExaminationConfig,
  type ScoringConfig,
} from './config/schema.js';
export { configJsonSchema } from './config/json-schema.js';
export { fieldsNamed, missingReference } from './config/task-fields.js';
export { ALGORITHMS, hasSetting, type AnyTrainingOptions } from '@touchstone/train/schema';
export { ADAMW_DEFAULTS } from '@touchstone/engine/settings';
export { assertCertified, certificateOf, type Certified } from './workspace/certificate.js';
export { localModels } from './workspace/local-model.js';
export { rewardResources } from './workspace/reward-resources.js';
export { cacheVariablesOf, keyVariablesOf, modelsOf, type JudgeModel } from './config/judge-models.js';

// Configurations to start from.
export { templateFiles, TEMPLATE_NAMES, TEMPLATES, type TemplateName } from './config/templates/index.js';
export { readGrader } from './config/graders/read.js';
export { graderYaml } from './config/graders/write.js';

// Can it run here?
export { failed, ok, warning, type Finding } from './doctor/finding.js';
export { examineMachine } from './doctor/machine.js';
export { examineConfig } from './doctor/config.js';
export { examineAccess, examineOnline } from './doctor/online.js';
export { measureSpeed } from './doctor/speed.js';
export type { RunSpeed, Speed } from './doctor/speed/run-speed.js';
