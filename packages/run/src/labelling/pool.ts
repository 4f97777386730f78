import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  createAnswerReader,
  isBlank,
  parseResponse,
  parseTaskLine,
  readTaskLines,
  type Meant,
  type RewardConfig,
} from '@touchstone/core';
import type { Opinion } from '@touchstone/lab';
import { InputError, type JsonValue, type Reward, type Task } from '@touchstone/spec';
import { openRun, sha256 } from '@touchstone/store';
import { REINFORCE } from '../stages/stages.js';
import { trainingFolders } from '../trainings/folders.js';

/** An answer that may be labelled, with what is known of it. Nobody who labels sees more than task and answer. */
export interface PoolAnswer {
  /** Of task and response: the same answer has the same one in every sample. */
  key: string;
  task: Task;
  /** As it was written. */
  response: string;
  /** What of it is judged, as `reward.answer` reads it. */
  answer: string;
  /** Who wrote it, where that is said. */
  model?: string;
  judge: Opinion | null;
  heldout: Opinion | null;
}

export interface Pool {
  answers: PoolAnswer[];
  /** Blank answers, which no judge is shown. */
  blank: number;
  /** Answers that repeat another one to the same task, word for word. */
  repeated: number;
}

/**
 * The answers of a run's evaluations (of its training, where none has finished), or of a file of JSON Lines with a task and a `response` each.
 *
 * @throws {InputError} there is nothing of the kind, or a line of the file is wrong.
 */
export async function readPool(path: string, reward: RewardConfig, meant: Meant): Promise<Pool> {
  const readAnswer = createAnswerReader(reward);
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const all = isFolder ? await ofRun(path) : await ofFile(path, meant);
  const answers = new Map<string, PoolAnswer>();
  let blank = 0;
  for (const one of all) {
    const { id, messages, reference } = one.task;
    // Ground truth is for evaluation alone.
    const { truth: _, ...task } = one.task;
    const key = sha256(JSON.stringify([id, messages, reference, one.response])).slice(0, 16);
    const answer = readAnswer(one.response).text;
    if (isBlank(answer)) blank++;
    else if (!answers.has(key)) answers.set(key, { ...one, task, key, answer });
  }
  if (answers.size === 0) throw InputError.at({ file: path }, 'expected answers to label, found none');
  return { answers: [...answers.values()], blank, repeated: all.length - blank - answers.size };
}

type Read = Omit<PoolAnswer, 'key' | 'answer'>;

async function ofFile(path: string, meant: Meant): Promise<Read[]> {
  return readTaskLines(path, (value: JsonValue) => {
    const problems: string[] = [];
    const isLine = typeof value === 'object' && value !== null && !Array.isArray(value);
    const response = isLine ? parseResponse(value, problems) : '';
    const { response: _, labels: __, raters: ___, drawn: ____, ...line } = isLine ? value : {};
    const parsed = parseTaskLine(isLine ? line : value, { meant });
    if ('problems' in parsed) return { problems: [...problems, ...parsed.problems] };
    if (problems.length > 0) return { problems };
    const { model } = parsed.value.metadata;
    return {
      value: {
        task: parsed.value,
        response,
        ...(typeof model === 'string' ? { model } : {}),
        judge: null,
        heldout: null,
      },
    };
  });
}

async function ofRun(folder: string): Promise<Read[]> {
  if (!existsSync(join(folder, 'run.db'))) {
    throw InputError.at({ file: folder }, 'expected the folder of a run, with its run.db, or a file');
  }
  const store = openRun(folder, { readOnly: true });
  try {
    const evaluated = store.stages().flatMap(({ name }) => (name.startsWith('evaluate ') ? [name] : []));
    const phases = evaluated.length > 0 ? evaluated : [REINFORCE.name];
    const rollouts = phases.flatMap((phase) => store.rollouts(phase));
    if (rollouts.length === 0) {
      const trainings = (await trainingFolders(folder)).map((one) => basename(one.folder));
      throw InputError.at(
        { file: folder },
        trainings.length > 0
          ? `it holds several trainings: name one of them (${trainings.join(', ')})`
          : 'the run has no answers yet: expected a finished evaluation or a step of training',
      );
    }
    return rollouts.map(({ rollout, reward, heldout }) => ({
      task: rollout.task,
      response: rollout.response,
      model: rollout.policy,
      judge: opinionIn(reward),
      heldout: opinionIn(heldout),
    }));
  } finally {
    store.close();
  }
}

/** What the judge said of an answer, without what its members said; null where it was not asked, or abstained. */
export function opinionIn(reward: Reward | null): Opinion | null {
  const score = reward?.components.find(({ kind }) => kind === 'judge')?.score ?? null;
  const own = (reward?.verdicts ?? []).filter(({ member }) => member === undefined);
  return score === null || own.length === 0 ? null : { answer: { status: 'scored', score }, verdicts: own };
}
