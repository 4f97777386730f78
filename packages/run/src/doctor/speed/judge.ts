import {
  openReward,
  singleJudges,
  type CallsConfig,
  type Judge,
  type JudgeConfig,
  type ModelConfig,
} from '@touchstone/core';
import type { ReplyCache } from '@touchstone/spec';
import { stopOnAbstentions, type PolicyRollout } from '@touchstone/train';
import type { Clock } from '../../clock.js';
import { cacheVariablesOf, modelsOf } from '../../config/judge-models.js';
import type { LoadedConfig } from '../../config/load.js';
import { costPerAnswer } from '../../stages/plan.js';
import { JUDGE_ALONE } from '../../workspace/examination.js';
import { rewardResources } from '../../workspace/reward-resources.js';
import { fitting, repeated, spreadOf, timed, type Spread } from './repeat.js';

/** What judging takes. */
export interface JudgeSpeed {
  role: 'judge' | 'heldout_judge';
  /** Models that are asked, with the limits that the configuration sets; null for one of this machine. */
  models: {
    model: string;
    limits: {
      concurrency: number | undefined;
      requestsPerMinute: number | undefined;
      tokensPerMinute: number | undefined;
    } | null;
  }[];
  /** Null where it is code of one's own, which is not run here. */
  callsPerAnswer: number | null;
  /** Null where a judge is not of this machine alone: its time is for others to say. */
  measured: { answers: number; calls: number; secondsPerRound: Spread; callsPerSecond: Spread } | null;
}

/** Whether it can be measured: replies that a shared cache has would be taken for fast ones. */
export const isOfThisMachine = (config: JudgeConfig): boolean =>
  asksModelsOnly(config) &&
  modelsOf(config).every(({ provider }) => provider.isLocal) &&
  cacheVariablesOf(config).length === 0;

const asksModelsOnly = (config: JudgeConfig): boolean =>
  singleJudges(config).every((single) => 'model' in single.config);

const modelsIn = (config: JudgeConfig): JudgeSpeed['models'] =>
  modelsOf(config).map(({ id, provider, config: settings }) => ({
    model: id,
    limits: provider.isLocal ? null : limitsOf(settings),
  }));

/** Counts what a judge would be asked. Nothing is sent. */
export async function countCalls(
  role: JudgeSpeed['role'],
  judge: JudgeConfig,
  { config, baseDir }: LoadedConfig,
  rollouts_P_G: readonly PolicyRollout[][],
): Promise<JudgeSpeed> {
  const answers = rollouts_P_G
    .flat()
    .map(({ rollout: { task, response, group } }) => ({ task, response, together: group }));
  const callsPerAnswer = asksModelsOnly(judge)
    ? (await costPerAnswer({ config, baseDir }, judge, answers)).calls
    : null;
  return { role, models: modelsIn(judge), callsPerAnswer, measured: null };
}

/** A model's settings stand in one object with the limits of the calls to it. */
function limitsOf(settings: ModelConfig & Partial<CallsConfig>): JudgeSpeed['models'][number]['limits'] {
  const { concurrency, requests_per_minute, tokens_per_minute } = settings;
  return { concurrency, requestsPerMinute: requests_per_minute, tokensPerMinute: tokens_per_minute };
}

/** What is asked again is answered again. */
const NO_CACHE: ReplyCache = { get: () => undefined, put: () => {} };

/**
 * Asks a judge of this machine.
 *
 * @throws {RunError} as a run does where the judge gives too few verdicts.
 */
export async function measureJudge(
  role: JudgeSpeed['role'],
  judgeConfig: JudgeConfig,
  { config, baseDir }: LoadedConfig,
  rollouts_P_G: readonly PolicyRollout[][],
  clock: Clock,
  onRound: () => void,
): Promise<{ judge: Judge; speed: JudgeSpeed }> {
  // No check ends an answer before it is judged: in a trained policy's answers they find little.
  const parts = { ...config, judge: judgeConfig, reward: { ...JUDGE_ALONE, answer: config.reward.answer } };
  const resources = { ...(await rewardResources(parts, baseDir)), openFileCache: undefined, cache: NO_CACHE };
  const { judge, reward } = await openReward(parts, resources);
  const score = (groups: readonly PolicyRollout[][]) =>
    timed(clock, () => reward.score(groups.flat().map(({ rollout }) => rollout)));
  await score(rollouts_P_G.slice(0, 1));
  const size = await fitting(
    rollouts_P_G.length,
    async (units) => (await score(rollouts_P_G.slice(0, units))).seconds,
  );
  const groups = rollouts_P_G.slice(0, size);
  const rounds = await repeated(() => score(groups), onRound);
  const rewards = rounds.at(-1)!.value;
  stopOnAbstentions(rewards, config.reward.abstention.limit, 'measuring the judge');
  const calls = rewards.reduce((sum, { usage }) => sum + usage.calls, 0);
  const speed: JudgeSpeed = {
    role,
    models: modelsIn(judgeConfig),
    callsPerAnswer: calls / rewards.length,
    measured: {
      answers: rewards.length,
      calls,
      secondsPerRound: spreadOf(rounds.map(({ seconds }) => seconds)),
      callsPerSecond: spreadOf(rounds.map(({ seconds }) => calls / seconds)),
    },
  };
  return { judge, speed };
}
