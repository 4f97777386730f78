import { largest, random } from '@touchstone/spec';

/** An answer that may be labelled. */
export interface Candidate {
  /** Names the answer. */
  key: string;
  /** The task's id. */
  task: string;
  /** What the judge gave it, 0–1; null where nothing is known. */
  judge: number | null;
  /** What the held-out judge gave it, 0–1. */
  heldout: number | null;
}

/** A task of which answers are labelled. */
export interface DrawnTask {
  task: string;
  /** Keys of its answers that are labelled, in the order of the draw. */
  answers: string[];
  /** How many answers there are to it. */
  of: number;
  /** Whether the judge is unsure of one of its answers, or the held-out judge says otherwise. */
  contested: boolean;
  /** Whether it is of the part in which every task had the same chance. */
  random: boolean;
}

export interface Draw {
  tasks: DrawnTask[];
  /** How many tasks there are in all, and how many of these are contested. */
  pool: { tasks: number; contested: number };
}

/** Answers to a task that are labelled, where it has so many: the fewest that have an order. More tasks say more than more answers. */
const SEVERAL = 2;
/** From here on a task is contested: a score within a quarter of the middle, or two judges that lie half of the scale apart. */
const CONTESTED = 0.5;
/** Of all tasks, those that are contested most: of a larger part, a single one would show little. */
const MOST_CONTESTED = 1 / 3;

/**
 * Draws what is labelled: two answers to each of some tasks. Half of the tasks are drawn from all, the other half from those that are
 * contested, as far as there are some; then the rest is drawn from all, too.
 *
 * Within the contested tasks, and within the others, each had the same chance, so a task of one of the two stands for as many as there
 * are to one that was drawn (`weightsOfLabelled`). It follows from the seed and the answers, and a larger draw holds a smaller one.
 *
 * @param count answers, about: tasks are drawn whole.
 */
export function drawAnswersToLabel(
  candidates: readonly Candidate[],
  { count, seed }: { count: number; seed: number },
): Draw {
  const tasks = pairsOf(candidates, seed);
  const contested = contestedOf(tasks);
  const answers = tasks.reduce((sum, task) => sum + task.answers.length, 0);
  const wanted = Math.min(tasks.length, Math.ceil((count * tasks.length) / Math.max(1, answers)));
  const order = random(seed, 'label', 'tasks').shuffle(tasks);
  // Where all are drawn, none was drawn for being contested.
  const atRandom = wanted === tasks.length || contested.size === 0 ? wanted : Math.ceil(wanted / 2);
  const chosen = new Set(order.slice(0, atRandom));
  const further = random(seed, 'label', 'contested').shuffle(tasks.filter((task) => contested.has(task)));
  for (const task of [...further, ...order]) {
    if (chosen.size >= wanted) break;
    chosen.add(task);
  }
  const isRandom = new Set(order.slice(0, atRandom));
  return {
    tasks: [...chosen].map((one) => ({
      task: one.task,
      answers: one.answers.map(({ key }) => key),
      of: one.of,
      contested: contested.has(one),
      random: isRandom.has(one),
    })),
    pool: { tasks: tasks.length, contested: contested.size },
  };
}

interface Pair<C = Candidate> {
  task: string;
  answers: C[];
  of: number;
}

/** Keys of the answers that may be drawn at all: of each task those that are labelled if it is. */
export function randomPairs(
  candidates: readonly Pick<Candidate, 'key' | 'task'>[],
  seed: number,
): ReadonlySet<string> {
  return new Set(pairsOf(candidates, seed).flatMap(({ answers }) => answers.map(({ key }) => key)));
}

/** Of each task the answers that are labelled if it is drawn, by chance. */
function pairsOf<C extends Pick<Candidate, 'key' | 'task'>>(
  candidates: readonly C[],
  seed: number,
): Pair<C>[] {
  const tasks = new Map<string, C[]>();
  for (const one of candidates) {
    const known = tasks.get(one.task);
    if (known) known.push(one);
    else tasks.set(one.task, [one]);
  }
  return [...tasks].map(([task, all]) => ({
    task,
    of: all.length,
    answers: random(seed, 'label', 'answers', task).shuffle(all).slice(0, SEVERAL),
  }));
}

function contestedOf(tasks: readonly Pair[]): Set<Pair> {
  const doubts = tasks
    .map((task) => ({ task, doubt: largest(task.answers.map(doubtOf)) }))
    .filter(({ doubt }) => doubt >= CONTESTED)
    .sort((a, b) => b.doubt - a.doubt);
  return new Set(doubts.slice(0, Math.ceil(tasks.length * MOST_CONTESTED)).map(({ task }) => task));
}

/** 0–1: 1 for a score in the middle, or judges that say the opposite. */
function doubtOf({ judge, heldout }: Candidate): number {
  if (judge === null) return 0;
  const near = 1 - 2 * Math.abs(judge - 0.5);
  return heldout === null ? near : Math.max(near, Math.abs(judge - heldout));
}

/**
 * How many answers each answer to a task stands for, by task: those of its kind (contested or not) to each that is labelled, times its
 * answers to each that is labelled. So what is skipped, or not labelled yet, is stood for by the others of its kind, and the weights of
 * a half-labelled sample are right, too.
 *
 * @param labelled of each task how many of its answers are labelled; tasks with none may be missing.
 */
export function weightsOfLabelled(
  { tasks, pool }: Draw,
  labelled: ReadonlyMap<string, number>,
): Map<string, number> {
  const seen = tasks.flatMap((one) => {
    const answers = labelled.get(one.task) ?? 0;
    return answers > 0 ? [{ ...one, labelled: answers }] : [];
  });
  const ofKind = (kind: boolean): number =>
    (kind ? pool.contested : pool.tasks - pool.contested) /
    seen.filter(({ contested }) => contested === kind).length;
  const [ofContested, ofOthers] = [ofKind(true), ofKind(false)];
  return new Map(
    seen.map((one) => [one.task, ((one.contested ? ofContested : ofOthers) * one.of) / one.labelled]),
  );
}
