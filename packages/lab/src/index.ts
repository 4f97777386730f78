export { alignJudge, type AlignJudgeInput, type JudgeAlignment, repeatedAnswers } from './alignment/align.js';
export { assertMetricsFit, type Item } from './alignment/items.js';
export { type AlignmentInput, measureAlignment } from './alignment/measure.js';
export { type MetricsConfig, metricsSchema } from './alignment/metrics-schema.js';
export {
  chooseCheckpoint,
  rankCheckpoints,
  type CheckpointChoice,
  type ScoredCheckpoint,
} from './evaluation/choose-checkpoint.js';
export { compareModels } from './evaluation/compare-models.js';
export { judgeScore } from './evaluation/judge-score.js';
export { bestOfInterval, summariseModel } from './evaluation/model-summary.js';
export { compareTrainings, summariseTrainings } from './evaluation/over-trainings.js';
export { type EvaluationRecord, MEASURES, type Measure } from './evaluation/record.js';
export { recordOf, rowOf } from './evaluation/rows.js';
export { scaleOf } from './evaluation/same-measure.js';
export { type Duel, type EvaluationInput, type ModelRecords } from './evaluation/evaluation-input.js';
export { metricNames } from './evaluation/evaluated.js';
export { remarksOfModels } from './evaluation/remarks.js';
export { summariseEvaluation } from './evaluation/summarise-evaluation.js';
export { truthAgreement } from './evaluation/truth-agreement.js';
export { agreementOfLabels, type Agreement, type LabelAgreement } from './labelling/agreement.js';
export { drawAnswersToLabel, randomPairs, weightsOfLabelled, type Draw } from './labelling/draw.js';
export { queueOf } from './labelling/queue.js';
export { figuresOfAnswers, MONITORS, type MonitorsConfig, monitorsSchema, Watch } from './monitors/index.js';
export { gapSince } from './monitors/gap.js';
export { leadsOf, winnersOf } from './monitors/winners.js';
export { type WatchedAnswer, type WatchedStep } from './monitors/monitor.js';
export { passes } from './pass.js';
export { weightedKappa } from './statistics/agreement.js';
export { krippendorffAlpha } from './statistics/agreement-of-many.js';
export { bestOfK, type Candidate } from './statistics/best-of-k.js';
export { bootstrapInterval } from './statistics/bootstrap.js';
export { predictionPoweredInterval, roganGladenInterval } from './statistics/corrected-intervals.js';
export { kendallInterval, spearmanInterval } from './statistics/correlation-intervals.js';
export { spearman } from './statistics/correlation.js';
export {
  balancedAccuracyInterval,
  kappaInterval,
  pairAccuracyInterval,
  withinTauInterval,
} from './statistics/intervals.js';
export { intervalOf, SHARE, SIGNED, UNBOUNDED } from './statistics/jackknife.js';
export { effectiveJudges, errorCorrelation } from './statistics/judge-errors.js';
export { clusteredMeanInterval, meanInterval, pairedDifference, shareInterval } from './statistics/means.js';
export { type Pair } from './statistics/pairs.js';
export { wilson } from './statistics/proportions.js';
export { iccInterval } from './statistics/reliability-intervals.js';
export { trainingsInterval } from './statistics/trainings.js';
export { quantile } from './statistics/values.js';
export { answersOf } from './suite/ask-cases.js';
export { type CaseResult, expectationOf, isUnsteady, sayingOf } from './suite/case-result.js';
export { compareSuites, type SuiteComparison } from './suite/compare.js';
export { caseNames, healthOf, type SuiteHealth } from './suite/health.js';
export { assertAnyVerdict, runSuite, silenceOf, type SuiteResult } from './suite/run-suite.js';
export {
  type Certificate,
  certificateProblem,
  certificateText,
  issueCertificate,
  readCertificate,
} from './validation/certificate.js';
export { familyWarnings } from './validation/model-family.js';
export { FAMILIES } from './validation/findings/index.js';
export {
  assertGateNames,
  assertGatePassed,
  RAISE_BUDGET,
  LEAST_UNITS,
  type Gate,
  type GateReasons,
  gateSchema,
} from './validation/gate.js';
export { assertLabelsFit, type Opinion, WHOLE, withTaskCriteria } from './validation/readings.js';
export { modelsOf, plannedPhases, type PlannedPhase } from './validation/phases.js';
export {
  findingDescriptions,
  findingNames,
  validateJudge,
  type ValidationInput,
  type ValidationResult,
} from './validation/validate-judge.js';
