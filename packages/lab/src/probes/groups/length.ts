import { before, change, promptOf, sentencesOf } from '../edits.js';
import { defineProbes } from '../probe.js';

/** Sentences that say nothing. */
const FILLER = [
  'There is more to this than fits in a few lines.',
  'Several sides of the matter could be looked at in turn.',
  'Some of them lie close together, and some lie further apart.',
  'Much depends on where one begins and where one leaves off.',
  'It helps to keep the whole in view while looking at the parts.',
  'What was written above stands beside what is written below.',
  'A reader may want to pause here and go on a little later.',
  'In other places the same thing is put in other words.',
];

/** Longest filling: it is paid for by the token. */
const LONGEST_FILLER = 16_000;

/** Filler of about so many characters, in whole sentences. */
function filler(characters: number): string {
  const wanted = Math.min(characters, LONGEST_FILLER);
  let text = '';
  for (let i = 0; text.length < wanted; i++) text += `${text === '' ? '' : ' '}${FILLER[i % FILLER.length]}`;
  return text;
}

/** Repeating a longer text shows nothing more. */
const LONGEST_REPEATED = 8000;

export const length = defineProbes('length', 'no-rise', {
  'twice-as-long': change((words) => `${words}\n\n${filler(Math.max(words.length, 1000))}`),
  'four-times-as-long': change((words) => `${words}\n\n${filler(Math.max(3 * words.length, 3000))}`),
  'padding-first': change((words) => `${filler(Math.max(words.length, 1000))}\n\n${words}`),
  'buried-in-the-middle': change((words) => {
    const half = filler(Math.max(words.length, 1000));
    return `${half}\n\n${words}\n\n${half}`;
  }),
  'very-long': change((words) => `${words}\n\n${filler(12_000)}`),
  'said-again-and-again': change((words) => {
    if (words === '' || words.length > LONGEST_REPEATED) return null;
    const times = Math.max(3, Math.ceil(1200 / (words.length + 1)));
    return Array<string>(times).fill(words).join('\n');
  }),
  'list-in-other-words': change((words) => {
    if (words === '' || words.length > LONGEST_REPEATED) return null;
    const points = sentencesOf(words).map((sentence) => sentence.trim());
    const lines = points.flatMap((one) => [`- ${one}`, `- In other words: ${one}`, `- That is: ${one}`]);
    return `${lines.join('\n')}\n\n${filler(1000)}`;
  }),
  'restates-the-prompt': before((base) => {
    const prompt = promptOf(base);
    return prompt === null ? null : `The question was this:\n\n${prompt}\n\n${filler(1000)}`;
  }),
  'long-and-cut-off': change((words) => `${words}\n\n${filler(2000).slice(0, -17)}`),
});
