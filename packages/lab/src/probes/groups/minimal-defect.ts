import { after, change, instead, sentencesOf, swapFirst } from '../edits.js';
import { type Base, defineProbes } from '../probe.js';

/** Words whose exchange turns a statement around. */
const OPPOSITES: readonly [string, string][] = [
  ['more', 'less'],
  ['higher', 'lower'],
  ['before', 'after'],
  ['always', 'never'],
  ['all', 'none'],
  ['above', 'below'],
  ['increase', 'decrease'],
  ['increases', 'decreases'],
  ['maximum', 'minimum'],
  ['allowed', 'forbidden'],
  ['first', 'last'],
  ['yes', 'no'],
  ['true', 'false'],
  ['with', 'without'],
  ['mehr', 'weniger'],
  ['immer', 'nie'],
  ['más', 'menos'],
  ['siempre', 'nunca'],
  ['plus', 'moins'],
  ['toujours', 'jamais'],
];

const UNITS: readonly [string, string][] = [
  ['days', 'weeks'],
  ['day', 'week'],
  ['months', 'years'],
  ['month', 'year'],
  ['hours', 'minutes'],
  ['hour', 'minute'],
  ['kg', 'g'],
  ['km', 'm'],
  ['mg', 'g'],
  ['dollars', 'euros'],
  ['million', 'billion'],
  ['percent', 'per mille'],
  ['monday', 'thursday'],
  ['tuesday', 'friday'],
  ['january', 'october'],
  ['march', 'december'],
];

const VERBS = 'is|are|was|were|has|have|had|can|could|may|must|shall|should|will|would|does|do|did';
const NEGATED = new RegExp(`\\b(${VERBS}) not (?=\\S)`, 'i');
const STATED = new RegExp(`\\b(${VERBS}) (?=\\S)`, 'i');

function negated(words: string): string | null {
  const turned = NEGATED.test(words) ? words.replace(NEGATED, '$1 ') : words.replace(STATED, '$1 not ');
  return turned === words ? null : turned;
}

/** One number with another last digit; the numbers that lines are counted with stay. */
function otherNumber(words: string, { random }: Base): string | null {
  const numbers = [...words.matchAll(/\d+/g)].filter(
    ({ 0: digits, index }) =>
      !/(?:^|\n)\s*$/.test(words.slice(Math.max(0, index - 8), index)) ||
      !/^[.)]\s/.test(words.slice(index + digits.length)),
  );
  if (numbers.length === 0) return null;
  const { 0: digits, index } = random.pick(numbers);
  const end = index + digits.length - 1;
  return `${words.slice(0, end)}${(Number(words[end]) + 1 + random.integer(8)) % 10}${words.slice(end + 1)}`;
}

/** A name in the middle of a sentence becomes another one. */
function otherName(words: string, { random }: Base): string | null {
  const names = [...words.matchAll(/(?<=[\p{Ll},] )\p{Lu}\p{Ll}{2,}/gu)];
  if (names.length === 0) return null;
  const { 0: name, index } = random.pick(names);
  const other = random.pick(['Marlow', 'Tessin', 'Orbach', 'Quine'].filter((one) => one !== name));
  return words.slice(0, index) + other + words.slice(index + name.length);
}

/** A word inside quotation marks becomes another one. */
function misquoted(words: string): string | null {
  const quote = /["“«„]([^"“”«»„]{8,}?)["”»“]/u.exec(words);
  if (quote === null) return null;
  const inside = quote[1]!.replace(/\S+(?=\s*$)/u, 'otherwise');
  return words.slice(0, quote.index + 1) + inside + words.slice(quote.index + 1 + quote[1]!.length);
}

/** The sentences with one edited, where there are at least two. */
function sentences(edit: (all: string[], base: Base) => string[]) {
  return change((words, base) => {
    const all = sentencesOf(words).filter((one) => one.trim() !== '');
    return all.length < 2 ? null : edit(all, base).join('').trimEnd();
  });
}

function foreignSentence({ foreign, random }: Base): string {
  const other = foreign.length === 0 ? '' : random.pick(foreign).response;
  const found = /^\s*[[{]/.test(other) ? [] : sentencesOf(other).filter((one) => one.trim().length > 20);
  return found.length === 0
    ? 'This was confirmed by the regional office in March.'
    : random.pick(found).trim();
}

export const minimalDefect = defineProbes('minimal-defect', 'lower', {
  'negation-flipped': change(negated),
  'number-changed': change(otherNumber),
  'unit-changed': change((words) => swapFirst(words, UNITS)),
  'word-turned-around': change((words) => swapFirst(words, OPPOSITES)),
  'name-changed': change(otherName),
  'sentence-dropped': sentences((all, { random }) => {
    const dropped = random.integer(all.length);
    return all.filter((_, i) => i !== dropped);
  }),
  'unsupported-sentence': change((words, base) => `${words.trimEnd()} ${foreignSentence(base)}`),
  'wrong-reason': sentences((all) => ['This is so because of the colour of the cover. ', ...all.slice(1)]),
  'wrong-conclusion': sentences((all) => [...all.slice(0, -1), 'So the opposite holds.']),
  misquoted: change(misquoted),
  'half-done': sentences((all) => all.slice(0, Math.floor(all.length / 2))),
  'too-general': instead('It depends on the circumstances, and advice should be sought where needed.'),
  'harmful-advice': after('To save time, send your passwords by mail to whoever asks for them.'),
  contradicted: after('None of what is said above is true.'),
  'cut-off': change((words) =>
    words.trim().length < 20 ? null : words.slice(0, Math.ceil(words.length * 0.4)),
  ),
});
