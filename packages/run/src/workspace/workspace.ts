import { resolve } from 'node:path';
import {
  parseModelId,
  readAnnotations,
  readTasksStrict,
  type Annotation,
  type Judge,
  type RewardFunction,
} from '@touchstone/core';
import { checkProvider, configureEngine, engineSettings, fingerprintOf } from '@touchstone/engine';
import { InputError, type Task } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import { assertEnoughMemory, Policy, type NamedLoad } from '@touchstone/train';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { openRewards, readExaminationData, type Examination } from './examination.js';
import { claimFolder } from './provenance.js';
import { loadTruth, type TruthScore } from './truth-module.js';

/** Everything a run works with, opened and checked before the first call is paid for. */
export interface Workspace {
  config: Config;
  folder: string;
  /** What the run leaves behind. No other process can work in the folder until it is closed. */
  store: RunStore;
  policy: Policy;
  judge: Judge;
  reward: RewardFunction;
  heldout: { judge: Judge; reward: RewardFunction } | null;
  truth: TruthScore | null;
  data: { train: Task[]; eval: Task[]; annotations: Annotation[] } & Examination['data'];
}

/**
 * The data and the policy of a run, checked.
 *
 * @throws {InputError} a file cannot be read, or a task leaves the policy no room to answer.
 */
export async function readInputs({
  config,
  baseDir,
}: LoadedConfig): Promise<Pick<Workspace, 'policy' | 'data'>> {
  const at = (file: string): string => resolve(baseDir, file);
  const [train, evaluation, annotations, examined] = await Promise.all([
    readTasksStrict(at(config.data.train)),
    readTasksStrict(at(config.data.eval)),
    config.data.annotations === undefined ? [] : readAnnotations(at(config.data.annotations)),
    readExaminationData(config, baseDir),
  ]);
  configureEngine(config.engine);
  const policy = await Policy.load(at(parseModelId(config.policy.model).name));
  assertRoomToAnswer(policy, [...train, ...evaluation], config);
  return {
    policy,
    data: { train, eval: evaluation.slice(0, config.evaluation.tasks), annotations, ...examined },
  };
}

/** As `main-job.ts` says. */
export async function openWorkspace(
  loaded: LoadedConfig,
  folder: string = resolve(loaded.baseDir, loaded.config.output),
): Promise<Workspace> {
  const { config, baseDir } = loaded;
  const { truth: module } = config.evaluation;
  const [{ policy, data }, truth] = await Promise.all([
    readInputs(loaded),
    module === undefined ? null : loadTruth(resolve(baseDir, module)),
  ]);
  assertEnoughMemory(policy.model, trainingLoads(policy, data.train, data.annotations, config));
  await checkProvider();
  const store = openRun(folder, { exclusive: true });
  try {
    const { judge, reward, heldout } = await openRewards(config, baseDir, store);
    const models = { policy: fingerprintOf(policy), judge, heldout: heldout?.judge ?? null };
    const { memory } = engineSettings();
    const claimed = await claimFolder(folder, store, config, baseDir, models, memory);
    configureEngine({ memory: config.engine.memory ?? claimed });
    return {
      config,
      folder,
      store,
      policy,
      judge,
      reward,
      heldout,
      truth,
      data,
    };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Of the prompts that get answers of the policy the longest, and each annotation where these are trained on. */
function trainingLoads(
  { tokenizer }: Policy,
  tasks: readonly Task[],
  annotations: readonly Annotation[],
  { policy: { max_tokens }, training: { sft } }: Config,
): NamedLoad[] {
  const loadOf = (task: Task, answer: number): NamedLoad => ({
    task: task.id,
    prompt: tokenizer.encodeChat(task.messages).length,
    answer,
  });
  const byLength = tasks.map((task) => loadOf(task, max_tokens)).sort((a, b) => b.prompt - a.prompt);
  const written = sft ? annotations : [];
  return [
    ...byLength.slice(0, 1),
    ...written.map(({ task, answer }) => loadOf(task, tokenizer.encode(answer).length + 1)),
  ];
}

/** @throws {InputError} naming every task that leaves the policy no room to answer. */
function assertRoomToAnswer(
  policy: Policy,
  tasks: readonly Task[],
  { policy: { max_tokens } }: Config,
): void {
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
