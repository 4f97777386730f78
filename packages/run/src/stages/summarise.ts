import { costOf, judgesWithin, type Judge } from '@touchstone/core';
import { compareModels, summariseModel, truthAgreement } from '@touchstone/lab';
import {
  addUsage,
  NO_USAGE,
  RunError,
  SUMMARY_VERSION,
  type ModelSummary,
  type StepSummary,
  type Summary,
  type Usage,
} from '@touchstone/spec';
import type { RunStore, StoredRollout } from '@touchstone/store';
import type { z } from 'zod';
import { monitorAlarms, otherAlarms, resumptions } from './alarms.js';
import { bestCheckpoint, lastStep, scoredCheckpoints, VALIDATION } from './best-checkpoint.js';
import { stepsWithoutGap } from './checkpoints.js';
import { evaluationRecords, samplesPerTask } from './evaluate.js';
import { pickExamples } from './examples.js';
import { judgeOfRun } from './judge-summary.js';
import { readStage } from './stage.js';
import { evaluationOf, JUDGE, modelNames, REINFORCE, SUPERVISE } from './stages.js';
import { evalIsTrained } from '../workspace/held-out.js';
import { versions } from '../workspace/provenance.js';
import type { Workspace } from '../workspace/workspace.js';

/**
 * Every figure of a finished run, computed from its store alone.
 *
 * @throws {RunError} the store lacks something of the run, or it is not what was written.
 */
export function summarise(workspace: Workspace, created: Date): Summary {
  const { config, store, judge, heldout, data } = workspace;
  const { seed } = config;
  const names = modelNames(workspace);
  const stored = Object.fromEntries(names.map((name) => [name, store.rollouts(evaluationOf(name).name)]));
  const records = Object.fromEntries(
    names.map((name) => [name, evaluationRecords(workspace, stored[name]!)]),
  );
  const options = { bestOf: config.evaluation.best_of, hasHeldout: heldout !== null };
  const models: Record<string, ModelSummary> = Object.fromEntries(
    names.map((name) => [name, summariseModel(records[name]!, options)]),
  );
  const examined = readStage(store, JUDGE)?.value;
  if (!examined) throw new RunError('the run has not finished: its judge was not examined');
  const sft = readStage(store, SUPERVISE);
  const engine = readStage(store, REINFORCE)?.value ?? null;
  const training = store.rollouts(REINFORCE.name);
  const steps = store.steps(REINFORCE.name);
  assertComplete(workspace, stored, training, steps, engine?.hosted ?? null);
  const isTimed = !engine?.hosted || steps.every(({ seconds }) => seconds > 0);
  const wallSeconds = isTimed ? steps.reduce((sum, { seconds }) => sum + seconds, 0) : null;

  return {
    version: SUMMARY_VERSION,
    name: config.name,
    seed,
    created: created.toISOString(),
    versions: { ...engine?.versions, ...versions() },
    data: {
      train_tasks: data.train.length,
      eval_tasks: data.eval.length,
      eval_trained: evalIsTrained(workspace),
      labelled: data.labelled.length,
    },
    models,
    comparisons: compareModels(records, comparedPairs(names)),
    judge: judgeOfRun(workspace, examined, {
      usage: judgeTotals(store, judge),
      heldoutUsage: heldout ? judgeTotals(store, heldout.judge) : NO_USAGE,
      abstentions: countAbstentions(
        [...training, ...store.rollouts(VALIDATION), ...Object.values(stored).flat()],
        examined.abstentions,
      ),
      agreement: truthAgreement(Object.values(records).flat()),
    }),
    training: {
      engine,
      algorithm: config.training.algorithm,
      steps: engine?.hosted?.steps ?? steps.length,
      ...(engine?.hosted ? NOT_SHOWN : figuresOfAnswers(workspace, training, steps)),
      wall_seconds: wallSeconds,
      sft: sft ? sftSummary(sft.value, sft.seconds, store.steps(SUPERVISE.name)) : null,
      checkpoint: chosenCheckpoint(workspace),
    },
    steps,
    examples: pickExamples(workspace, stored),
    stages: store.stages().map(({ name, seconds }) => ({ name, seconds })),
    alarms: otherAlarms(store),
    monitor_alarms: monitorAlarms(store),
    resumed: resumptions(store),
  };
}

/** Which models are compared, `[better, baseline]`. */
export const comparedPairs = (names: readonly string[]): [string, string][] => [
  ...names
    .filter((name) => name !== 'rft')
    .toReversed()
    .map((other): [string, string] => ['rft', other]),
  ...(names.includes('sft') ? ([['sft', 'base']] satisfies [string, string][]) : []),
];

type AnswerFigures = Pick<
  Summary['training'],
  'rollouts' | 'abstained' | 'zero_variance_groups' | 'tokens' | 'tokens_per_second'
>;

/** Of answers that a service drew and nobody has seen. */
const NOT_SHOWN: AnswerFigures = {
  rollouts: null,
  abstained: null,
  zero_variance_groups: null,
  tokens: null,
  tokens_per_second: null,
};

function figuresOfAnswers(
  { config }: Workspace,
  drawn: readonly StoredRollout[],
  steps: readonly StepSummary[],
): AnswerFigures {
  const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
  const tokens = drawn.reduce((sum, rollout) => sum + rollout.tokens, 0);
  return {
    rollouts: drawn.length,
    abstained: drawn.filter(({ reward }) => reward?.status === 'abstained').length,
    zero_variance_groups: Math.round(sumOver(steps, 'zero_variance') * config.training.prompts_per_step),
    tokens,
    tokens_per_second: seconds > 0 ? tokens / seconds : 0,
  };
}

/** A figure over a part of the run would pass for one over all of it. */
function assertComplete(
  workspace: Workspace,
  evaluations: Record<string, readonly StoredRollout[]>,
  training: readonly StoredRollout[],
  steps: readonly StepSummary[],
  hosted: { steps: number } | null,
): void {
  const { config, data, heldout } = workspace;
  const { prompts_per_step, group_size } = config.training;
  const wanted = hosted?.steps ?? lastStep(workspace);
  const missing = (what: string): RunError =>
    new RunError(
      `run.db does not have all of the run: ${what}. Restore it from a copy, or choose another folder with --out.`,
    );
  if (
    hosted
      ? (steps.at(-1)?.step ?? 0) !== wanted
      : steps.length !== wanted || stepsWithoutGap(steps) !== wanted
  ) {
    throw missing(
      `expected training steps 1 to ${wanted}, found ${steps.map(({ step }) => step).join(', ') || 'none'}`,
    );
  }
  const expected = hosted ? 0 : prompts_per_step * group_size;
  for (const { step } of steps) {
    const found = training.filter((one) => one.step === step).length;
    if (found !== expected) throw missing(`expected ${expected} answers of step ${step}, found ${found}`);
  }
  for (const [model, rollouts] of Object.entries(evaluations)) {
    const expected = data.eval.length * samplesPerTask(workspace);
    const judged = rollouts.filter((one) => one.reward !== null && (!heldout || one.heldout !== null)).length;
    if (judged !== expected || rollouts.length !== expected) {
      throw missing(`expected ${expected} judged answers in the evaluation of ${model}, found ${judged}`);
    }
  }
}

/** @throws {RunError} a step has no such metric: a sum without it would be a guess. */
function sumOver(steps: readonly StepSummary[], metric: string): number {
  return steps.reduce((sum, { step, metrics }) => {
    const value = metrics[metric];
    if (typeof value === 'number') return sum + value;
    throw new RunError(
      `step ${step} of training has no ${metric}: expected a number in run.db, got ${value}`,
    );
  }, 0);
}

/** What a judge cost in all, with the judges that it is made of, and asked in other ways. */
export function judgeTotals(store: RunStore, judge: Judge): Usage {
  const variants = (judge.variants?.() ?? []).map((variant) => variant.judge);
  const asked = new Map(
    [judge, ...variants].flatMap(judgesWithin).map((one) => [one.fingerprint, one] as const),
  );
  return [...asked.values()]
    .map(({ fingerprint, price }): Usage => {
      const totals = store.judgeTotals(fingerprint);
      // A panel asks nothing itself: what its verdicts repeat was saved by its members.
      if (totals.calls === 0) return NO_USAGE;
      return { ...totals, money: costOf(totals, price).money };
    })
    .reduce(addUsage, NO_USAGE);
}

function sftSummary(
  { steps, bestStep, examples, validationLoss, seconds }: z.output<typeof SUPERVISE.schema>,
  stageSeconds: number,
  looks: readonly StepSummary[],
): Summary['training']['sft'] {
  return {
    steps,
    best_step: bestStep,
    examples,
    validation_loss: validationLoss,
    wall_seconds: seconds ?? stageSeconds,
    curve: looks.map(({ step, metrics: { loss, validation_loss } }) => ({
      step,
      loss: loss!,
      validation_loss: validation_loss!,
    })),
  };
}

function chosenCheckpoint(workspace: Workspace): Summary['training']['checkpoint'] {
  const best = bestCheckpoint(workspace);
  const { data, heldout } = workspace;
  if (!best) return null;
  const tasks = data.validation.length;
  const scores = scoredCheckpoints(workspace).reduce((sum, one) => sum + one.scores.size, 0);
  return {
    ...best,
    tasks,
    silent: best.checkpoints * tasks - scores,
    scored_by: heldout ? 'held-out judge' : 'judge',
  };
}

export function countAbstentions(
  stored: readonly StoredRollout[],
  before: Record<string, number>,
): Record<string, number> {
  const counts = { ...before };
  for (const { reward } of stored) {
    if (reward?.status === 'abstained') counts[reward.reason] = (counts[reward.reason] ?? 0) + 1;
  }
  return counts;
}
