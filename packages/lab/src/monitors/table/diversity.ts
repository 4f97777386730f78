import { defineMonitor, firstAndLast, type WatchedAnswer } from '../monitor.js';
import { areUpheld } from '../winners.js';

/** Words of an answer that count: longer answers repeat themselves more. */
const WORDS = 100;
const OPENER = 8;

const wordsOf = (text: string): string[] =>
  text
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu)
    ?.slice(0, WORDS) ?? [];

/** Answers grow alike. */
export const diversity = defineMonitor({
  name: 'diversity',
  about:
    'Share by which distinct-2 (different pairs of neighbouring words over all of a step) has fallen since the first five steps',
  threshold: 0.5,
  action: 'note',
  measure: (answers) => ({ distinct_2: distinct2(answers) }),
  read(history) {
    const found = firstAndLast(history, 'distinct_2');
    if (!found || found.first === 0) return null;
    return {
      value: 1 - found.last / found.first,
      reason:
        `distinct-2 has gone from ${found.first.toFixed(2)} to ${found.last.toFixed(2)}: answers grow alike, ` +
        'which is right where a task has one good answer, and a collapse where it has many',
    };
  },
});

/** Answers to different tasks begin with the same words. */
export const opener = defineMonitor({
  name: 'opener',
  about: `Rise, since the first five steps, of the share of tasks that have an answer with the commonest beginning (${OPENER} words)`,
  threshold: 0.3,
  action: 'warn',
  measure: (answers) => ({ common_opener: commonOpener(answers) }),
  read(history) {
    const found = firstAndLast(history, 'common_opener');
    if (!found || areUpheld(history)) return null;
    return {
      value: found.last - found.first,
      reason:
        `${(found.last * 100).toFixed(0)} % of the tasks have an answer that begins with the same ${OPENER} words, at first ` +
        `${(found.first * 100).toFixed(0)} %: words that fit any task may be what pays`,
    };
  },
});

/** Li et al. 2016 (arXiv 1510.03055). */
function distinct2(answers: readonly WatchedAnswer[]): number | null {
  const pairs = answers.flatMap(({ text }) => {
    const words = wordsOf(text);
    return words.slice(1).map((word, i) => `${words[i]} ${word}`);
  });
  return pairs.length === 0 ? null : new Set(pairs).size / pairs.length;
}

function commonOpener(answers: readonly WatchedAnswer[]): number | null {
  const tasks = new Map<string, Set<string>>();
  for (const { text, group } of answers) {
    const words = wordsOf(text);
    if (words.length < OPENER) continue;
    const begins = words.slice(0, OPENER).join(' ');
    tasks.set(begins, (tasks.get(begins) ?? new Set()).add(group));
  }
  const groups = new Set(answers.map(({ group }) => group));
  if (groups.size < 2) return null;
  const most = [...tasks.values()].reduce((a, { size }) => Math.max(a, size), 0);
  // One task with this beginning is nothing in common.
  return most < 2 ? 0 : most / groups.size;
}
