import { type Criterion, type LabelledAnswer, scoreCriteria, toScore } from '@touchstone/core';
import { random, type Random, type Task } from '@touchstone/spec';
import { passes } from '../pass.js';
import type { Expectation } from './probe.js';
import { reword, rewordAll } from './reword.js';

/** An answer that probes are made from. */
export interface BaseAnswer {
  /** Place among the labelled answers. */
  index: number;
  response: string;
}

/** A task with its labelled answers. */
export interface LabelledTask {
  task: Task;
  /** Equal for tasks that ask the same. */
  asks: string;
  all: BaseAnswer[];
  good: BaseAnswer[];
  bad: BaseAnswer[];
}

/** An answer that was given to one task only: it does not answer another one as well. */
export interface SpecificAnswer {
  task: Task;
  asks: string;
  response: string;
  good: boolean;
}

/** Everything that probes are made from. */
export interface Pool {
  criteria: readonly Criterion[];
  tasks: LabelledTask[];
  specific: SpecificAnswer[];
}

/** Answers nothing that anybody asks. */
const OFF_TOPIC = 'The ferry leaves from the north pier at seven, and the market opens an hour later.';

/** @param criteria of the judge; labels of other names are left out. */
export function poolOf(labelled: readonly LabelledAnswer[], criteria: readonly Criterion[]): Pool {
  const tasks = new Map<string, LabelledTask>();
  const givenTo = new Map<string, Set<string>>();
  labelled.forEach(({ task, response }) => {
    const text = normalise(response);
    givenTo.set(text, (givenTo.get(text) ?? new Set()).add(task.id));
  });
  const specific: SpecificAnswer[] = [];
  labelled.forEach((answer, index) => {
    const { task, response } = answer;
    const score = labelScore(answer, criteria);
    if (score === null) return;
    const asks = JSON.stringify([task.messages, task.reference]);
    const entry = tasks.get(task.id) ?? { task, asks, all: [], good: [], bad: [] };
    tasks.set(task.id, entry);
    const base = { index, response };
    entry.all.push(base);
    (passes(score) ? entry.good : entry.bad).push(base);
    const text = normalise(response);
    if (/[\p{L}\p{N}]/u.test(text) && givenTo.get(text)!.size === 1)
      specific.push({ task, asks, response, good: passes(score) });
  });
  return { criteria, tasks: [...tasks.values()], specific };
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim();
}

/**
 * What the labels make of an answer, 0–1, as the judge's own arithmetic has it: the weighted mean of the criteria that are
 * labelled, 0 where one fails its veto, and the mean over the items of a list answer.
 *
 * @returns null where no criterion of the judge is labelled.
 */
export function labelScore({ labels }: LabelledAnswer, criteria: readonly Criterion[]): number | null {
  const scores = labels.flatMap((record): number[] => {
    if (criteria.length === 0) return record['score'] === undefined ? [] : [record['score']];
    const known = criteria.filter(({ name }) => Object.hasOwn(record, name));
    if (known.length === 0) return [];
    const verdicts = known.map((criterion) => {
      const value = record[criterion.name]!;
      return {
        criterion: criterion.name,
        evidence: '',
        reason: '',
        value,
        score: toScore(criterion, value),
      };
    });
    return [scoreCriteria(known, verdicts).score];
  });
  return scores.length === 0 ? null : scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Tasks that have what the probes need, in the order that they are used in. */
export function tasksFor(
  expects: Expectation,
  { tasks }: Pool,
  { compares, random }: { compares: boolean; random: Random },
): LabelledTask[] {
  const usable = random.shuffle(tasks).filter(({ good }) => expects !== 'lower' || good.length > 0);
  // A judge that compares has nothing to say of the only answer to a task; a bad answer is better found than made.
  const rank = ({ all, bad }: LabelledTask): number =>
    (compares && all.length < 2 ? 2 : 0) + (expects === 'no-rise' && bad.length === 0 ? 1 : 0);
  return usable.sort((a, b) => rank(a) - rank(b));
}

/**
 * The answers of a task that the probes start from. Where they need a bad one and none is labelled so, they are made: the
 * answer to another task, and one that is about nothing of the kind. The judge is asked about it as well, and if it
 * passes, no probe that was made from it counts.
 */
export function basesOf(
  expects: Expectation,
  { task, asks, all, good, bad }: LabelledTask,
  pool: Pool,
  seed: number,
): BaseAnswer[] {
  if (expects === 'same') return all;
  if (expects === 'lower') return good;
  if (bad.length > 0) return bad;
  const { index, response } = all[0]!;
  const offTopic = rewordAll(response, () => OFF_TOPIC) ?? reword({ task, response }, () => OFF_TOPIC);
  const foreign = foreignTo(asks, pool);
  const other = foreign.length > 0 ? [random(seed, 'bad', task.id).pick(foreign).response] : [];
  return [...other, offTopic ?? OFF_TOPIC].map((made) => ({ index, response: made }));
}

/** Answers that were given to one task only, which asks something else: the good ones, where there are any. */
export function foreignTo(asks: string, { specific }: Pool): SpecificAnswer[] {
  const others = specific.filter((one) => one.asks !== asks);
  const good = others.filter((one) => one.good);
  return good.length > 0 ? good : others;
}
