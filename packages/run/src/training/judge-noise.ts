import type { RewardConfig } from '@touchstone/core';
import type { JudgeFinding } from '@touchstone/spec';
import type { JudgeNoise } from '@touchstone/train';
import { readStage } from '../stages/stage.js';
import { JUDGE } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';

/** How noisy the reward is by its judge, as the examination has measured it; null where it has not, or where a formula makes the reward. */
export const judgeNoise = ({ config, store }: Pick<Workspace, 'config' | 'store'>): JudgeNoise | null =>
  noiseOf(config.reward, readStage(store, JUDGE)?.value.findings ?? []);

/** The noise of a judge's score counts in the reward by the judge's share of it. */
export function noiseOf(reward: RewardConfig, findings: readonly JudgeFinding[]): JudgeNoise | null {
  const measured = (name: string): number | undefined =>
    findings.find((finding) => finding.name === name)?.estimate?.mean;
  const [error, smallestChange] = [measured('score_error'), measured('smallest_change')];
  if (reward.formula || error === undefined || smallestChange === undefined) return null;
  const share =
    reward.judge_weight / reward.checks.reduce((sum, { weight }) => sum + weight, reward.judge_weight);
  return { error: share * error, smallestChange: share * smallestChange };
}
