import { resolve } from 'node:path';
import {
  createAnswerReader,
  openReward,
  readLabelled,
  readRegression,
  rewardSchema,
  type Judge,
  type LabelledAnswer,
  type RegressionCase,
  type RewardFunction,
} from '@touchstone/core';
import { assertGateNames, findingNames } from '@touchstone/lab';
import type { ReplyCache } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import type { Loaded } from '../config/load.js';
import type { ExaminationConfig } from '../config/schema.js';
import { rewardResources } from './reward-resources.js';

/** What the judge is examined with: a workspace without the policy and what is for training. */
export interface Examination {
  config: ExaminationConfig;
  store: RunStore;
  judge: Judge;
  heldout: { judge: Judge } | null;
  data: { labelled: LabelledAnswer[]; regression: RegressionCase[] };
}

const JUDGE_ALONE = rewardSchema.parse({});

/**
 * Opens the judges and what they are examined on. Replies go into the run's store, where a run finds them.
 *
 * @param folder the run's folder, absolute; default: `output` of the configuration.
 * @throws {InputError} for anything that is wrong with the configuration's files, all before work begins.
 */
export async function openExamination(
  { config, baseDir }: Loaded<ExaminationConfig>,
  folder: string = resolve(baseDir, config.output),
): Promise<Examination> {
  const data = await readExaminationData(config, baseDir);
  const store = openRun(folder, { exclusive: true });
  try {
    // What a check reads may not be there yet; the judge is what is examined.
    const { judge, heldout } = await openRewards({ ...config, reward: JUDGE_ALONE }, baseDir, store);
    return { config, store, judge, heldout, data };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** The answers that the judge is examined on: what `reward.answer` takes for the answer in each response. */
export async function readExaminationData(
  { data: { labelled, regression }, reward }: ExaminationConfig,
  baseDir: string,
): Promise<Examination['data']> {
  const readAnswer = createAnswerReader(reward);
  const read = <T extends { response: string }>(lines: readonly T[]): T[] =>
    lines.map((line) => ({ ...line, response: readAnswer(line.response).text }));
  return {
    labelled: labelled === undefined ? [] : read(await readLabelled(resolve(baseDir, labelled))),
    regression: regression === undefined ? [] : read(await readRegression(resolve(baseDir, regression))),
  };
}

/** What scores: the judge that is trained against with its checks, and the same with the judge that is not. */
interface Rewards {
  judge: Judge;
  reward: RewardFunction;
  heldout: { judge: Judge; reward: RewardFunction } | null;
}

/** @throws {InputError} when a judge or a check cannot be opened, or the gate asks for what is not measured. */
export async function openRewards(
  config: Pick<ExaminationConfig, 'seed' | 'judge' | 'heldout_judge' | 'reward' | 'policy' | 'gate'>,
  baseDir: string,
  cache: ReplyCache,
): Promise<Rewards> {
  const resources = { ...(await rewardResources(config, baseDir)), cache };
  const opened = await openReward(config, resources);
  assertGateNames(config.gate, findingNames(opened.judge.criteria));
  const heldout = config.heldout_judge
    ? await openReward({ ...config, judge: config.heldout_judge }, resources)
    : null;
  return { ...opened, heldout };
}
