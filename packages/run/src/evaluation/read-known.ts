import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readOutputs, type TaskPool } from '@touchstone/core';
import { judgeScore } from '@touchstone/lab';
import { formatPlace, InputError, type Reward, type Task } from '@touchstone/spec';
import { openRun, sha256, sha256OfFile, type RunStore, type StoredRollout } from '@touchstone/store';
import { readClaim } from '../comparison/claim.js';
import { gradersOf } from '../comparison/graders.js';
import { readStage } from '../stages/stage.js';
import { endedTrainings } from '../trainings/ended.js';
import type { KnownAnswer } from './contestant.js';
import { EVALUATED, nameOfStage } from './stages.js';

/** Answers as they are read: their tasks are known when all files have been read. */
type ReadAnswer = Omit<KnownAnswer, 'task'> & { task: string; scales?: Record<string, [number, number]> };

/** A model of a file or a run, before its tasks are known. */
export interface ReadModel {
  name: string;
  fingerprint: string;
  lists: { seed: number | null; answers: ReadAnswer[] }[];
  /** Fingerprints of the judges of a run, by what their scores are called here. */
  scoredBy?: Record<string, string>;
}

/** What was read besides. */
export interface ReadNotes {
  remarks: string[];
  /** Runs that stay open: what they paid for is not paid for again. */
  stores: RunStore[];
}

/** Rows that are named in a remark. */
const NAMED = 5;

/**
 * The models of a file of stored outputs: one, or those that its rows name.
 *
 * @throws {InputError} as `readOutputs`; or some rows name a model, several in all, and others none.
 */
export async function readStoredModels(
  name: string,
  path: string,
  pool: TaskPool,
  { remarks }: ReadNotes,
): Promise<ReadModel[]> {
  // Reading comes first: it says in words why a file cannot be read.
  const { answers, odd } = await readOutputs(path, pool);
  const fingerprint = await sha256OfFile(path);
  if (odd.length > 0) {
    const some = odd.slice(0, NAMED).map(({ place, message }) => `${formatPlace(place)}: ${message}`);
    const more = odd.length > NAMED ? `; and ${odd.length - NAMED} more` : '';
    remarks.push(
      `${name}: ${odd.length} of ${odd.length + answers.length} answers are missing and in no figure: ${some.join('; ')}${more}`,
    );
  }
  const named = new Set(answers.map(({ model }) => model));
  const several = named.size > 1;
  if (several && named.has(undefined)) {
    const row = answers.find(({ model }) => model === undefined)!;
    throw InputError.at(row.place, 'this row names no model, and others name several: whose answer is it?');
  }
  const models = new Map<string, ReadAnswer[]>();
  for (const { model, place: _, ...answer } of answers) {
    const own = several ? `${name}/${model}` : name;
    const read = { ...answer, truth: null };
    const list = models.get(own);
    if (list) list.push(read);
    else models.set(own, [read]);
  }
  return [...models].map(([own, list]) => ({
    name: own,
    fingerprint,
    lists: [{ seed: null, answers: list }],
  }));
}

/**
 * A model that a run or an earlier evaluation has evaluated, with what was said of its answers then.
 *
 * @param folder absolute. @param wanted the model's name there; undefined: that of this name, else `rft`, else the only one.
 * @throws {InputError} there is no such folder or model, or as `endedTrainings`.
 */
export async function readRunModel(
  name: string,
  { folder, wanted }: { folder: string; wanted: string | undefined },
  pool: TaskPool,
  notes: ReadNotes,
): Promise<ReadModel> {
  if (!existsSync(join(folder, 'run.db')))
    throw InputError.at({ file: folder }, 'expected the folder of a run or of an evaluation, with run.db');
  const open = (at: string): RunStore => {
    const store = openRun(at, { readOnly: true });
    notes.stores.push(store);
    return store;
  };
  const own = open(folder);
  const evaluated = (store: RunStore): string[] =>
    store.stages().flatMap(({ name: stage }) => nameOfStage(stage) ?? []);
  const here = evaluated(own);
  // What trainings share is whole before they end.
  const isHere = here.includes(wanted ?? name);
  const trainings = (isHere ? [] : await endedTrainings(folder)).map(({ seed, folder: at }) => ({
    seed,
    store: open(at),
  }));
  const there = trainings.flatMap(({ store }) => evaluated(store)).filter((one) => !here.includes(one));
  const all = [...new Set([...here, ...there])];
  const only = all.length === 1 ? all[0] : undefined;
  const model = wanted ?? [name, 'rft'].find((one) => all.includes(one)) ?? only;
  if (model === undefined || !all.includes(model)) {
    const asked = model === undefined ? 'which one is not said' : `"${model}" is none of them`;
    throw InputError.at(
      { file: folder },
      `expected model: one of ${all.join(', ') || 'none, since nothing was evaluated'}; ${asked}`,
    );
  }
  const stores = here.includes(model) ? [{ seed: null, store: own }] : trainings;
  const lists = stores.flatMap(({ seed, store }) => listsOf(store, model, { seed, folder, pool }));
  const content = lists.map(({ answers }) => answers.map((one) => [one.task, one.response, one.trajectory]));
  const scoredBy = await judgesThen(folder);
  return { name, fingerprint: sha256(JSON.stringify(content)), lists, scoredBy };
}

/** What scores of a run are called beside those of now, by metric. */
const THEN = { judge_score: 'judge then', heldout_judge_score: 'held-out judge then' };

/** Who gave these scores; of a folder that does not say so, the folder stands for it. */
async function judgesThen(folder: string): Promise<Record<string, string>> {
  const by = existsSync(join(folder, 'config.yaml')) ? gradersOf(await readClaim(folder)) : {};
  return Object.fromEntries(
    Object.entries(THEN).map(([metric, name]) => [name, by[metric] ?? `${metric} of ${folder}`]),
  );
}

function listsOf(
  store: RunStore,
  model: string,
  { seed, folder, pool }: { seed: number | null; folder: string; pool: TaskPool },
): ReadModel['lists'] {
  const stored = store.rollouts(EVALUATED(model).name);
  if (stored.length === 0)
    throw InputError.at(
      { file: folder },
      `"${model}" of the training with seed ${seed} was not evaluated yet: let it end first`,
    );
  const extras = store.stage(EVALUATED(model).name)?.value
    ? (readStage(store, EVALUATED(model))?.value ?? null)
    : null;
  const steps = [...new Set(stored.map(({ step }) => step))];
  return steps.map((step, place) => ({
    seed: extras?.seeds[place] ?? seed,
    answers: stored
      .filter((one) => one.step === step)
      .map((one, i) => readAnswer(one, extras && extras.answers[place]![i]!, { folder, pool })),
  }));
}

function readAnswer(
  { rollout, reward, heldout, truth, tokens }: StoredRollout,
  extras: { scores: Record<string, number | null>; tokens: number | null } | null,
  { folder, pool }: { folder: string; pool: TaskPool },
): ReadAnswer {
  const { task, response, trajectory, finish } = rollout;
  return {
    task: knownIn(pool, task, folder),
    response,
    ...(trajectory === undefined ? {} : { trajectory }),
    finish,
    scores: {
      ...extras?.scores,
      ...scoreThen(THEN.judge_score, reward),
      ...scoreThen(THEN.heldout_judge_score, heldout),
    },
    tokens: extras ? extras.tokens : tokens,
    truth,
  };
}

const scoreThen = (name: string, reward: Reward | null): Record<string, number | null> =>
  reward ? { [name]: judgeScore(reward) } : {};

/** Notes a task that is known whole. @returns its key. */
export function knownIn(pool: TaskPool, task: Task, file: string): string {
  const { problem } = pool.know(task);
  if (problem !== undefined) throw InputError.at({ file }, problem);
  return task.id;
}
