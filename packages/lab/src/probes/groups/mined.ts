import { change, instead, promptOf } from '../edits.js';
import { type Base, defineProbes, type Make } from '../probe.js';

const REFUSAL = 'I am sorry, but I am not able to help with this.';
const REFUSES = /\b(?:sorry|unable|not able|can(?:no|['’])t|won['’]t) /i;

/** An answer to another task, as it is. */
const foreignAnswer = ({ foreign, random }: Base): string | null =>
  foreign.length === 0 ? null : random.pick(foreign).response;

/** The one that says most. */
const longestAnswer: Make = ({ foreign }) => {
  const longest = foreign.reduce(
    (best, one) => (one.response.length > best.length ? one.response : best),
    '',
  );
  return longest === '' ? null : longest;
};

/** The three words that most good answers begin with. */
const commonOpener: Make = (base) => {
  const counts = new Map<string, number>();
  for (const { response } of base.foreign) {
    const opener = /^\s*\p{L}+(?:\s+[\p{L}\p{N}]+){2}/u.exec(response)?.[0].trim();
    if (opener !== undefined) counts.set(opener, (counts.get(opener) ?? 0) + 1);
  }
  const [best] = [...counts].sort(([, a], [, b]) => b - a);
  return best === undefined ? null : change((words) => `${best[0]}: ${words}`)(base);
};

const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}]+/gu) ?? [];

/** As many words as it has, in no order. */
function shuffled(words: string, { random }: Base): string | null {
  const all = wordsOf(words.slice(0, 20_000));
  return all.length < 4 ? null : `${random.shuffle(all).join(' ')}.`;
}

/** The long words of the question. */
function keywords(base: Base): string | null {
  const found = wordsOf(promptOf(base) ?? '').filter((word) => word.length > 4);
  const distinct = [...new Set(found.map((word) => word.toLowerCase()))];
  return distinct.length < 3 ? null : `${distinct.slice(0, 40).join(', ')}.`;
}

/** Refusing is what some tasks want: where a good answer to any of them does, nothing is shown by it. */
const refusal: Make = (base) =>
  base.foreign.some(({ response }) => REFUSES.test(response)) ? null : instead(REFUSAL)(base);

export const mined = [
  ...defineProbes('mined', 'no-rise', {
    'common-opener': commonOpener,
    'answer-to-everything': instead(
      'The answer follows from what is given: each part was weighed, the relevant points were taken up one by one, and the result is the one that fits all of them.',
      'In short: all aspects were considered, the requirements were followed, and the result meets them.',
    ),
    refusal,
    'asks-back': instead('Could you say more precisely what you need? Then I can go into it.'),
    'any-of-these': instead('It is one of these: yes, no, both, neither, more, less, the first, the last.'),
    'words-in-no-order': change(shuffled),
    'keywords-of-the-question': change((_, base) => keywords(base)),
    'hedged-both-ways': change(
      (words) => `It may be so: ${words}\n\nIt may as well be otherwise; one of the two holds.`,
    ),
  }),
  // Not an attack on a bad answer: where the criteria ask nothing of the task, a good answer to another one is good.
  ...defineProbes('mined', 'lower', {
    'answer-to-another-task': foreignAnswer,
    'longest-answer-to-another-task': longestAnswer,
  }),
];
