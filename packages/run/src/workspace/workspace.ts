import { resolve } from 'node:path';
import {
  assertTaskCriteria,
  parseModelId,
  readAnnotations,
  readTasksStrict,
  type Annotation,
  type Judge,
  type RewardFunction,
} from '@touchstone/core';
import { checkProvider, configureEngine, engineSettings, fingerprintOf } from '@touchstone/engine';
import { InputError, random, type ReplyCache, type Task } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import { assertEnoughMemory, examplesOf, Policy, type NamedLoad } from '@touchstone/train';
import { VALIDATION_TASKS } from '@touchstone/train/schema';
import type { LoadedConfig } from '../config/load.js';
import type { Config } from '../config/schema.js';
import { openRewards, readExaminationData, type Examination } from './examination.js';
import { fieldsNamed } from '../config/task-fields.js';
import { assertHeldOut, evalIsTrained } from './held-out.js';
import { claimFolder } from './provenance.js';
import { isLocal } from '../config/policy-model.js';
import { RemotePolicy } from './remote-policy.js';
import { loadTruth, type TruthScore } from './truth-module.js';

/** Everything a run works with, opened and checked before the first call is paid for. */
export interface Workspace {
  config: Config;
  /** The folder that the configuration's paths are relative to. */
  baseDir: string;
  folder: string;
  /** What the run leaves behind. No other process can work in the folder until it is closed. */
  store: RunStore;
  policy: Policy | RemotePolicy;
  judge: Judge;
  reward: RewardFunction;
  heldout: { judge: Judge; reward: RewardFunction } | null;
  truth: TruthScore | null;
  data: {
    /** Tasks that are trained on. */
    train: Task[];
    /** Of `data.train`, those that are not, and choose the checkpoint; none without `training.save_top_k`. */
    validation: Task[];
    eval: Task[];
    annotations: Annotation[];
  } & Examination['data'];
}

/** What a run that trains a model of this machine reads. */
export interface Inputs {
  policy: Policy;
  data: Workspace['data'];
}

/**
 * The data and the policy of a run that trains a model of this machine, checked.
 *
 * @throws {InputError} as `readData` and `readPolicy`.
 */
export async function readInputs(loaded: LoadedConfig): Promise<Inputs> {
  const data = await readData(loaded);
  return { policy: await readPolicy(loaded, data), data };
}

/** @throws {InputError} a file cannot be read, there are too few annotations to learn from, or tasks of `data.eval` are in another file that is trained on. */
export async function readData({ config, baseDir }: LoadedConfig): Promise<Workspace['data']> {
  const at = (file: string): string => resolve(baseDir, file);
  const meant = fieldsNamed(config);
  const [train, evaluation, annotations, examined] = await Promise.all([
    readTasksStrict(at(config.data.train), meant),
    readTasksStrict(at(config.data.eval), meant),
    config.data.annotations === undefined ? [] : readAnnotations(at(config.data.annotations), meant),
    readExaminationData(config, baseDir),
  ]);
  const { sft } = config.training;
  if (sft && annotations.length < 2) {
    throw InputError.at(
      { file: at(config.data.annotations!) },
      `expected at least 2 annotated answers for training.sft, one of them to choose the best step with; got ${annotations.length}`,
    );
  }
  const annotated = sft
    ? [{ file: at(config.data.annotations!), tasks: annotations.map(({ task }) => task) }]
    : [];
  if (!evalIsTrained({ config, baseDir })) {
    assertHeldOut({ file: at(config.data.eval), tasks: evaluation }, [
      { file: at(config.data.train), tasks: train },
      ...annotated,
    ]);
  }
  return { ...setAside(train, config, at(config.data.train)), eval: evaluation, annotations, ...examined };
}

/**
 * Parts the tasks that are trained on from those that choose the checkpoint, which the seed draws. They are not of `data.eval`: a choice among
 * checkpoints by the tasks that the report is about would make its figures too good.
 *
 * @throws {InputError} none would be left to train on.
 */
function setAside(
  tasks: Task[],
  { seed, training: { save_top_k, validation_tasks = VALIDATION_TASKS } }: Config,
  file: string,
): Pick<Workspace['data'], 'train' | 'validation'> {
  if (save_top_k === undefined) return { train: tasks, validation: [] };
  if (tasks.length <= validation_tasks) {
    throw InputError.at(
      { file },
      `expected more than the ${validation_tasks} tasks that training.save_top_k sets aside to choose the checkpoint ` +
        `(training.validation_tasks), got ${tasks.length}`,
    );
  }
  const validation = random(seed, 'validation').shuffle(tasks).slice(0, validation_tasks);
  const aside = new Set(validation);
  return { train: tasks.filter((task) => !aside.has(task)), validation };
}

/**
 * @throws {InputError} a task leaves the policy no room to answer, the engine has too little memory to train, or not the provider
 *   that it is to train with.
 */
async function readPolicy(
  { config, baseDir }: LoadedConfig,
  { train, validation, eval: evaluation, annotations }: Workspace['data'],
): Promise<Policy> {
  configureEngine(config.engine);
  const policy = await Policy.load(resolve(baseDir, parseModelId(config.policy.model).name));
  const prompts = promptsOf(policy, [...train, ...validation, ...evaluation]);
  assertRoomToAnswer(policy, prompts, config);
  const loads = trainingLoads(policy, prompts.slice(0, train.length), annotations, config);
  // Another trainer has other memory; SFT is this engine's in any case.
  if (config.training.backend === 'embedded' || config.training.sft) assertEnoughMemory(policy.model, loads);
  await checkProvider();
  return policy;
}

/** What a run of several trainings opens otherwise. */
interface Several {
  /** Where the judges' replies go, made of the run's store. */
  cacheOf(store: RunStore): ReplyCache;
  /** As of `claimFolder`. */
  role: object;
}

/** As `main-job.ts` says. */
export async function openWorkspace(
  loaded: LoadedConfig,
  folder: string = resolve(loaded.baseDir, loaded.config.output),
  several?: Several,
): Promise<Workspace> {
  const { config, baseDir } = loaded;
  const { truth: module } = config.evaluation;
  const [data, truth] = await Promise.all([
    readData(loaded),
    module === undefined ? null : loadTruth(resolve(baseDir, module)),
  ]);
  const local = isLocal(config) ? await readPolicy(loaded, data) : null;
  const store = openRun(folder, { exclusive: true });
  try {
    const { memory, threads } = store.computedWith(engineSettings());
    const engine = { memory, threads, ...config.engine };
    configureEngine(engine);
    const cache = several?.cacheOf(store) ?? store;
    const { judge, reward, heldout } = await openRewards({ ...config, engine }, baseDir, cache);
    const { train, validation, labelled, regression } = data;
    const examined = [...labelled, ...regression].map(({ task }) => task);
    const tasks = [...train, ...validation, ...data.eval, ...examined];
    assertTaskCriteria(heldout ? [judge, heldout.judge] : [judge], tasks);
    const policy = local ?? (await RemotePolicy.open(config.policy.model, config, baseDir, store));
    const workspace: Workspace = {
      config,
      baseDir,
      folder,
      store,
      policy,
      judge,
      reward,
      heldout,
      truth,
      data: { ...data, eval: data.eval.slice(0, config.evaluation.tasks) },
    };
    await claim(workspace, several?.role);
    return workspace;
  } catch (error) {
    store.close();
    throw error;
  }
}

/**
 * Says whose folder it is. @param role as of `claimFolder`.
 *
 * @throws {InputError} it is another run's.
 */
export function claim(
  { folder, store, config, baseDir, policy, judge, heldout }: Workspace,
  role?: object,
): Promise<void> {
  const models = {
    policy: policy instanceof RemotePolicy ? policy.fingerprint : fingerprintOf(policy),
    judge,
    heldout: heldout?.judge ?? null,
  };
  return claimFolder(folder, store, config, baseDir, models, role);
}

/** A task and the tokens of its prompt. */
type Prompt = Pick<NamedLoad, 'task' | 'prompt'>;

export const promptsOf = ({ tokenizer }: Policy, tasks: readonly Task[]): Prompt[] =>
  tasks.map(({ id, messages }) => ({ task: id, prompt: tokenizer.encodeChat(messages).length }));

/** Of the prompts that get answers of the policy the longest, and each annotation where these are trained on. */
function trainingLoads(
  policy: Policy,
  prompts: readonly Prompt[],
  annotations: readonly Annotation[],
  { policy: { max_tokens }, training: { sft } }: Config,
): NamedLoad[] {
  const longest = prompts.toSorted((a, b) => b.prompt - a.prompt).slice(0, 1);
  const written = sft ? annotations : [];
  return [
    ...longest.map((one) => ({ ...one, answer: max_tokens })),
    ...examplesOf(policy, written).map(({ tokens, start }, i) => ({
      task: written[i]!.task.id,
      prompt: start,
      answer: tokens.length - start,
    })),
  ];
}

/** @throws {InputError} naming every task that leaves the policy no room to answer. */
export function assertRoomToAnswer(
  { model }: Policy,
  prompts: readonly Prompt[],
  { policy: { max_tokens } }: { policy: Pick<Config['policy'], 'max_tokens'> },
): void {
  const { maxPositions } = model.config;
  const problems = prompts
    .filter(({ prompt }) => prompt + max_tokens > maxPositions)
    .map(({ task, prompt }) => ({
      message: `task ${task}: its prompt has ${prompt} tokens; with policy.max_tokens ${max_tokens} the model's ${maxPositions} positions are not enough`,
    }));
  if (problems.length > 0) throw new InputError(problems);
}
