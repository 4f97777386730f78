import { type Criterion, isBlank } from '@touchstone/core';
import { random, type Random, type Task } from '@touchstone/spec';
import { passes } from '../pass.js';
import { type ExaminedAnswer, labelScore } from '../validation/readings.js';
import type { Expectation } from './probe.js';
import { reword, rewordAll } from './reword.js';

/** An answer that probes are made from. */
export interface BaseAnswer {
  /** Place among the labelled answers. */
  index: number;
  response: string;
}

/** A task with its labelled answers, each text once. */
export interface LabelledTask {
  task: Task;
  /** Equal for tasks that ask the same. */
  asks: string;
  /** What the judge is asked for, as it is asked: criteria that come with the task are shown to it as c1, c2, … */
  criteria: readonly Criterion[];
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
  tasks: LabelledTask[];
  specific: SpecificAnswer[];
}

/** Answers nothing that anybody asks. */
const OFF_TOPIC = 'The ferry leaves from the north pier at seven, and the market opens an hour later.';

/** Labelled answers by task, and those that answer one task only. */
export function poolOf(labelled: readonly ExaminedAnswer[], criteria: readonly Criterion[]): Pool {
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
    // Of a blank answer no judge says anything: what is made from it would be compared with nothing.
    if (score === null || isBlank(response)) return;
    const asks = JSON.stringify([task.messages, task.reference]);
    const shown = answer.criteria?.map((one, i) => ({ ...one, ...(one.category && { name: `c${i + 1}` }) }));
    const none: LabelledTask = { task, asks, criteria: shown ?? criteria, all: [], good: [], bad: [] };
    const entry = tasks.get(task.id) ?? none;
    tasks.set(task.id, entry);
    if (entry.all.some((other) => other.response === response)) return;
    const base = { index, response };
    entry.all.push(base);
    (passes(score) ? entry.good : entry.bad).push(base);
    const text = normalise(response);
    if (/[\p{L}\p{N}]/u.test(text) && givenTo.get(text)!.size === 1)
      specific.push({ task, asks, response, good: passes(score) });
  });
  return { tasks: [...tasks.values()], specific };
}

function normalise(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim();
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
 * The answer of a task that a probe starts from: with each place and lap another one. Where it has to be bad and none is
 * labelled so, it is made: on the first lap it is about nothing of the kind, later it may be the answer to another task. The
 * judge is asked about it as well, and if it passes, no probe that was made from it counts.
 */
export function baseAt(
  expects: Expectation,
  { task, asks, all, good, bad }: LabelledTask,
  pool: Pool,
  { at, lap, seed }: { at: number; lap: number; seed: number },
): BaseAnswer {
  const labelled = { same: all, lower: good, 'no-rise': bad }[expects];
  if (labelled.length > 0) return labelled[(at + lap) % labelled.length]!;
  const { index, response } = all[0]!;
  const foreign = foreignTo(asks, pool);
  if (lap % 2 === 1 && foreign.length > 0)
    return { index, response: random(seed, 'bad', task.id).pick(foreign).response };
  const offTopic = rewordAll(response, () => OFF_TOPIC) ?? reword({ task, response }, () => OFF_TOPIC);
  return { index, response: offTopic ?? OFF_TOPIC };
}

/** Answers that were given to one task only, which asks something else: the good ones, where there are any. */
export function foreignTo(asks: string, { specific }: Pool): SpecificAnswer[] {
  const others = specific.filter((one) => one.asks !== asks);
  const good = others.filter((one) => one.good);
  return good.length > 0 ? good : others;
}
