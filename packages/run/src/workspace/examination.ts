import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  assertTaskCriteria,
  createAnswerReader,
  openReward,
  readLabelled,
  readRegression,
  rewardSchema,
  type Judge,
  type LabelledAnswer,
  type Meant,
  type RegressionCase,
  type RewardFunction,
} from '@touchstone/core';
import {
  assertGateNames,
  assertLabelsFit,
  findingNames,
  withTaskCriteria,
  type Certificate,
} from '@touchstone/lab';
import { InputError, random, type ReplyCache } from '@touchstone/spec';
import { openRun, sha256, type RunStore } from '@touchstone/store';
import type { Loaded } from '../config/load.js';
import type { ExaminationConfig } from '../config/schema.js';
import { fieldsNamed } from '../config/task-fields.js';
import { rewardResources } from './reward-resources.js';

/** What the judge is examined with: a workspace without the policy and what is for training. */
export interface Examination {
  config: ExaminationConfig;
  /** The folder that the configuration's paths are relative to. */
  baseDir: string;
  folder: string;
  store: RunStore;
  judge: Judge;
  heldout: { judge: Judge } | null;
  data: ExaminationData;
}

/** Of the labelled tasks: those to write the judge with, or those to show what it is worth, which are all without `dev_share`. */
export type ExaminationPart = 'dev' | 'test';

interface ExaminationData {
  part: ExaminationPart;
  /** Of this part, without those that stand in the judge's own settings. */
  labelled: LabelledAnswer[];
  /** Number of answers that stand there, as examples do: what the judge says of these it knows by heart. */
  byHeart: number;
  regression: RegressionCase[];
  /** The files that the two were read from. */
  files: Certificate['data'];
}

/** Every answer is judged, and no check has a say. */
export const JUDGE_ALONE = rewardSchema.parse({});

/**
 * Opens the judges and what they are examined on. Replies go into the run's store, where a run finds them.
 *
 * @param folder the run's folder, absolute; default: `output` of the configuration.
 * @throws {InputError} for anything that is wrong with the configuration's files, all before work begins.
 */
export async function openExamination(
  { config, baseDir }: Loaded<ExaminationConfig>,
  folder: string = resolve(baseDir, config.output),
  part: ExaminationPart = 'test',
): Promise<Examination> {
  const data = await readExaminationData(config, baseDir, part);
  const store = openRun(folder, { exclusive: true });
  try {
    // What a check reads may not be there yet; the judge is what is examined.
    const { judge, heldout } = await openRewards({ ...config, reward: JUDGE_ALONE }, baseDir, store);
    const tasks = [...data.labelled, ...data.regression].map(({ task }) => task);
    assertTaskCriteria(heldout ? [judge, heldout.judge] : [judge], tasks);
    assertLabelsFit(withTaskCriteria(data.labelled, judge), judge.criteria);
    return { config, baseDir, folder, store, judge, heldout, data };
  } catch (error) {
    store.close();
    throw error;
  }
}

/**
 * The answers that the judge is examined on: what `reward.answer` takes for the answer in each response.
 *
 * @throws {InputError} a file cannot be read, or there is no task in this part.
 */
export async function readExaminationData(
  config: ExaminationConfig,
  baseDir: string,
  part: ExaminationPart = 'test',
): Promise<ExaminationData> {
  const { data, judge, reward } = config;
  const { labelled, regression } = data;
  const share = config.validation.dev_share;
  if (part === 'dev' && (share === 0 || labelled === undefined)) {
    throw new InputError([
      {
        message:
          'expected data.labelled and a validation.dev_share above 0, the share to write the judge with',
      },
    ]);
  }
  // Not by the seed: with another one, tasks that the judge was written with would be among those that it is certified on.
  const partOf = ({ task }: LabelledAnswer): ExaminationPart =>
    random(0, 'dev', task.id).next() < share ? 'dev' : 'test';
  const readAnswer = createAnswerReader(reward);
  const files: Certificate['data'] = {};
  const read = async <T>(
    file: string | undefined,
    reader: (path: string, meant: Meant) => Promise<T[]>,
    answered: (line: T, answer: (response: string) => string) => T,
  ): Promise<T[]> => {
    if (file === undefined) return [];
    const path = resolve(baseDir, file);
    const lines = await reader(path, fieldsNamed(config));
    files[file] = { sha256: sha256(await readFile(path)), lines: lines.length };
    return lines.map((line) => answered(line, (response) => readAnswer(response).text));
  };
  const answers = await read(labelled, readLabelled, (line, answer) => ({
    ...line,
    response: answer(line.response),
  }));
  const ofPart = answers.filter((answer) => partOf(answer) === part);
  const settings = plain(judge);
  const unknown = ofPart.filter(({ response }) => {
    const text = plain(response).slice(1, -1);
    return text.length < LEAST_COPY || !settings.includes(text);
  });
  return {
    part,
    labelled: unknown,
    byHeart: ofPart.length - unknown.length,
    regression: await read(regression, readRegression, (line, answer) => ({
      ...line,
      responses: line.responses.map(answer),
    })),
    files,
  };
}

/** Shorter answers may stand in a prompt for other reasons. */
const LEAST_COPY = 40;

/** As JSON, with one space for any white space: where lines break says nothing. */
const plain = (value: unknown): string => JSON.stringify(value).replaceAll(/(?:\s|\\[nrt])+/g, ' ');

/** Opens the judge of another configuration alone; its replies go into `cache`. */
export async function openJudgeAlone(
  { config, baseDir }: Loaded<ExaminationConfig>,
  cache: ReplyCache,
): Promise<Judge> {
  const alone = { ...config, reward: JUDGE_ALONE, heldout_judge: undefined };
  return (await openRewards(alone, baseDir, cache)).judge;
}

/** What scores: the judge that is trained against with its checks, and the same with the judge that is not. */
interface Rewards {
  judge: Judge;
  reward: RewardFunction;
  heldout: { judge: Judge; reward: RewardFunction } | null;
}

/** @throws {InputError} when a judge or a check cannot be opened, or the gate asks for what is not measured. */
export async function openRewards(
  config: Pick<
    ExaminationConfig,
    'seed' | 'judge' | 'heldout_judge' | 'reward' | 'engine' | 'policy' | 'gate'
  >,
  baseDir: string,
  cache: ReplyCache,
): Promise<Rewards> {
  const resources = { ...(await rewardResources(config, baseDir)), cache };
  const opened = await openReward(config, resources);
  assertGateNames(config.gate, findingNames(opened.judge.criteria));
  const heldout = config.heldout_judge
    ? await openReward({ ...config, judge: config.heldout_judge }, resources)
    : null;
  if (heldout?.judge.fingerprint === opened.judge.fingerprint) {
    throw new InputError([
      {
        message:
          'heldout_judge: expected another judge, got the one that is trained against: it would agree with itself',
      },
    ]);
  }
  return { ...opened, heldout };
}
