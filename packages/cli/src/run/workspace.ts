import { resolve } from 'node:path';
import {
  createDispatcher,
  createJudge,
  createReward,
  dispatcherOptions,
  layerCaches,
  openModel,
  parseModelId,
  readAnnotations,
  readLabelled,
  readRegression,
  readTasksStrict,
  type Annotation,
  type Judge,
  type JudgeConfig,
  type LabelledAnswer,
  type ModelConfig,
  type RegressionCase,
  type RewardFunction,
} from '@touchstone/core';
import { ChatTokenizer, LlamaModel, openLocalModel } from '@touchstone/engine';
import { checkGate, checkNames } from '@touchstone/lab';
import { InputError, type LanguageModel, type ReplyCache, type Task } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import { Policy } from '@touchstone/train';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { claimFolder } from './provenance.js';
import { openSharedCache } from './shared-cache.js';
import { loadTruth, type TruthScore } from './truth-module.js';

/** Everything a run works with, opened and checked before the first call is paid for. */
export interface Workspace {
  config: Config;
  folder: string;
  store: RunStore;
  policy: Policy;
  judge: Judge;
  reward: RewardFunction;
  heldout: { judge: Judge; reward: RewardFunction } | null;
  truth: TruthScore | null;
  data: {
    train: Task[];
    eval: Task[];
    annotations: Annotation[];
    labelled: LabelledAnswer[];
    regression: RegressionCase[];
  };
}

/** A model of the engine has no limits, and its speed is no fault; calls in flight become batches, so many is good. */
const LOCAL = {
  concurrency: 1024,
  adaptive: false,
  timeoutMs: Infinity,
  hedge: undefined,
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
} as const;

/**
 * Opens data, models and the run's store.
 * @param folder the run's folder, absolute
 * @throws {InputError} for anything that is wrong with the configuration's files, all before work begins.
 */
export async function openWorkspace({ config, baseDir }: LoadedConfig, folder: string): Promise<Workspace> {
  const at = (file: string): string => resolve(baseDir, file);
  const optional = <T>(file: string | undefined, read: (path: string) => Promise<T[]>): Promise<T[]> =>
    file === undefined ? Promise.resolve([]) : read(at(file));
  const [train, evaluation, annotations, labelled, regression, truth] = await Promise.all([
    readTasksStrict(at(config.data.train)),
    readTasksStrict(at(config.data.eval)),
    optional(config.data.annotations, readAnnotations),
    optional(config.data.labelled, readLabelled),
    optional(config.data.regression, readRegression),
    config.evaluation.truth === undefined ? null : loadTruth(at(config.evaluation.truth)),
  ]);
  const policy = await openPolicy(at(parseModelId(config.policy.model).name));
  checkLengths(policy, [...train, ...evaluation], config);

  const store = openRun(folder);
  try {
    const judge = await openJudge(config.judge, config.seed, baseDir, store);
    checkGate(config.gate, checkNames(judge.criteria));
    const heldout =
      config.heldout_judge && (await openJudge(config.heldout_judge, config.seed, baseDir, store));
    await claimFolder(folder, config, baseDir, {
      policy: policy.model.fingerprint(),
      judge,
      heldout: heldout ?? null,
    });
    return {
      config,
      folder,
      store,
      policy,
      judge,
      reward: createReward(config.reward, judge, { baseDir }),
      heldout: heldout ? { judge: heldout, reward: createReward(config.reward, heldout, { baseDir }) } : null,
      truth,
      data: { train, eval: evaluation.slice(0, config.evaluation.tasks), annotations, labelled, regression },
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function openPolicy(folder: string): Promise<Policy> {
  const [model, tokenizer] = await Promise.all([LlamaModel.load(folder), ChatTokenizer.load(folder)]);
  return new Policy(model, tokenizer, folder);
}

/** A judge as the configuration names it, answering from `cache` what was paid for before. */
export async function openJudge(
  config: JudgeConfig,
  seed: number,
  baseDir: string,
  cache: ReplyCache,
): Promise<Judge> {
  const isLocal = parseModelId(config.model).provider === 'local';
  const open = (model: ModelConfig): Promise<LanguageModel> =>
    openModel(model, { localModel: (name) => openLocalModel(resolve(baseDir, name)) });
  const [model, ...fallbacks] = await Promise.all([open(config), ...config.fallbacks.map(open)]);
  const shared = config.cache && openSharedCache(config.cache, baseDir);
  const dispatcher = createDispatcher({
    ...dispatcherOptions(config, fallbacks),
    ...(isLocal ? LOCAL : {}),
    cache: shared ? layerCaches(cache, shared) : cache,
    seed,
  });
  // The name as the user wrote it: a path of this machine says nothing to who reads the report.
  return createJudge(config, { ...model, id: config.model }, dispatcher, { seed });
}

/** @throws {InputError} naming every task that leaves the policy no room to answer. */
function checkLengths(policy: Policy, tasks: readonly Task[], { policy: { max_tokens } }: Config): void {
  const { maxPositions } = policy.model.config;
  const problems = tasks.flatMap((task) => {
    const { length } = policy.tokenizer.encodeChat(task.messages);
    return length + max_tokens <= maxPositions
      ? []
      : [
          {
            message: `task ${task.id}: its prompt has ${length} tokens; with policy.max_tokens ${max_tokens} the model's ${maxPositions} positions are not enough`,
          },
        ];
  });
  if (problems.length > 0) throw new InputError(problems);
}
