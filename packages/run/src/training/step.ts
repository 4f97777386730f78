import { createAnswerReader } from '@touchstone/core';
import { clusteredMeanInterval, figuresOfAnswers, UNBOUNDED, type WatchedAnswer } from '@touchstone/lab';
import type { Reward, StepSummary, Task } from '@touchstone/spec';
import type { RolloutRecord } from '@touchstone/store';
import { tasksOfStep, type MeasuredGroup, type PolicyRollout, type StepMetrics } from '@touchstone/train';
import { REINFORCE } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';
import type { DrawnStep, ToldStep } from './backend.js';
import type { Training } from './trainer.js';

/** Answers to one task of a step with their rewards, whoever drew them. */
export type TrainedGroup = Omit<MeasuredGroup, 'rollouts_G'> & {
  rollouts_G: readonly (Pick<PolicyRollout, 'rollout'> & { tokens: { length: number } })[];
};

/** A training step that is over. */
export interface FinishedStep {
  /** 1-based. */
  step: number;
  groups: readonly TrainedGroup[];
  /** All figures of the step, those of its groups among them. */
  metrics: StepMetrics;
  seconds: number;
}

/** The tasks of a step (1-based), for whoever trains: the same for every backend. */
export const tasksToTrain = ({ data, config }: Pick<Workspace, 'data' | 'config'>, step: number): Task[] =>
  tasksOfStep(data.train, step, config.training.prompts_per_step, config.seed);

/** Stores a step in place of what run.db had of it. */
export function storeStep(
  { workspace: { store, config } }: Pick<Training, 'workspace'>,
  step: FinishedStep,
): StepSummary {
  const readAnswer = createAnswerReader(config.reward);
  const figures = figuresOfAnswers(watchedAnswers(step.groups, (response) => readAnswer(response).text));
  const summary = summariseStep(step, step.groups.length > 0 ? figures : {});
  store.putRollouts(REINFORCE.name, step.step, step.groups.flatMap(rolloutRecords));
  store.putStep(REINFORCE.name, summary);
  return summary;
}

/** Tells of a step that is stored. */
export function tellStep({ workspace, reporter }: Training, summary: StepSummary): void {
  reporter.step(summary);
  reporter.progress(
    summary.step,
    workspace.config.training.steps,
    `reward ${summary.metrics['reward']?.toFixed(3) ?? 'none'}`,
  );
}

/** Whether run.db has this step as the trainer tells of it. @param stored the step there, from an earlier process. */
export function alreadyStored(
  { workspace: { store } }: Pick<Training, 'workspace'>,
  stored: StepSummary | undefined,
  step: DrawnStep | ToldStep,
): boolean {
  if (stored?.seconds !== step.seconds) return false;
  if (Object.entries(step.learned).some(([name, value]) => stored.metrics[name] !== value)) return false;
  const answers = (step.groups_P ?? []).flatMap(({ answers_G }) => answers_G);
  const rollouts = store.rollouts(REINFORCE.name, step.step);
  return (
    rollouts.length === answers.length &&
    rollouts.every(
      ({ rollout, tokens }, i) =>
        rollout.response.endsWith(answers[i]!.text) && tokens === answers[i]!.tokens,
    )
  );
}

const rolloutRecords = ({ rollouts_G, rewards_G }: TrainedGroup): RolloutRecord[] =>
  rollouts_G.map(({ rollout, tokens }, i) => ({
    rollout,
    reward: rewards_G[i]!,
    heldout: null,
    truth: null,
    tokens: tokens.length,
  }));

const watchedAnswers = (
  groups: readonly TrainedGroup[],
  answerIn: (response: string) => string,
): WatchedAnswer[] =>
  groups.flatMap(({ rollouts_G, rewards_G, scores_G }, p) =>
    rollouts_G.map(({ rollout, tokens }, i) => ({
      group: String(p),
      text: answerIn(rollout.response),
      tokens: tokens.length,
      reward: rewards_G[i]!,
      score: scores_G[i]!,
    })),
  );

function summariseStep({ step, groups, metrics, seconds }: FinishedStep, figures: StepMetrics): StepSummary {
  const scored = groups.flatMap(({ scores_G }, p) =>
    scores_G.flatMap((reward) => (reward === null ? [] : [{ reward, group: String(p) }])),
  );
  const interval = clusteredMeanInterval(
    scored.map(({ reward }) => reward),
    scored.map(({ group }) => group),
    UNBOUNDED,
  );
  return {
    step,
    metrics: { reward: interval?.mean ?? null, ...metrics, ...figures },
    intervals: interval ? { reward: { low: interval.low, high: interval.high } } : {},
    components: meanComponents(groups.flatMap(({ rewards_G }) => rewards_G)),
    seconds,
  };
}

function meanComponents(rewards: readonly Reward[]): Record<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { components } of rewards) {
    for (const { name, score } of components) {
      if (score === null) continue;
      const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
      sums.set(name, { sum: sum + score, count: count + 1 });
    }
  }
  return Object.fromEntries([...sums].map(([name, { sum, count }]) => [name, sum / count]));
}
