import type { Random } from '@touchstone/spec';
import type { PlantedIssue } from './contracts.js';
import { drawComment, exactComment, type ReviewComment } from './reviews.js';

/** Characters of a comment that the judge is shown: `max_candidate_characters` of its configuration. */
export const SHOWN_CHARACTERS = 420;
/** Characters of the action that the judge repeats: what is longer is no action of this case. */
export const REPEATED_CHARACTERS = 40;

const COMMON = (
  'the of and to in is that it was for on are as with they be at one have this from or had by word but what some we can ' +
  'out other were all there when up use your how said an each she which do their time if will way about many then them ' +
  'write would like so these her long make thing see him two has look more day could go come did number sound no most ' +
  'people my over know water than call first who may down side been now find any new work part take get place made live ' +
  'where after back little only round man year came show every good me give our under name very through just form great ' +
  'think say help low line differ turn cause much mean before move right boy old too same tell does set three want air ' +
  'well also play small end put home read hand port large spell add even land here must big high such follow act why ask'
).split(' ');
const LETTERS = 'abcdefghijklmnopqrstuvwxyzäöüéèñçßøåждиясвпо的是在我有他这中大来上个国说で生まれ';
const MARKS = [
  ' ',
  ' ',
  ' ',
  ', ',
  '. ',
  ': ',
  '\n',
  '\n\n',
  ' - ',
  '; ',
  '! ',
  '? ',
  ' (',
  ') ',
  '"',
  '{',
  '}',
  '[',
  '] ',
  '*',
  '# ',
];

/** Words that say nothing of this case: common ones, capitals, figures, strange letters, marks. */
function drawWords(draw: Random, most: number): string {
  const wanted = 1 + Math.floor(most * draw.next() ** 2);
  const style = draw.next();
  let text = '';
  while (text.length < wanted) {
    const kind = draw.next();
    const word =
      style < 0.15 || kind < 0.08
        ? Array.from({ length: 1 + draw.integer(9) }, () => draw.pick([...LETTERS])).join('')
        : kind < 0.14
          ? String(draw.integer(1000))
          : draw.pick(COMMON);
    const cased =
      style > 0.9 ? word.toUpperCase() : kind > 0.8 ? word.slice(0, 1).toUpperCase() + word.slice(1) : word;
    text += cased + (draw.next() < 0.75 ? ' ' : draw.pick(MARKS));
  }
  return draw.next() < 0.1 ? JSON.stringify({ [text.slice(0, 8)]: text }) : text;
}

/** With foreign words, or a verdict, before, behind or in place of what a field holds. */
function disturb(draw: Random, text: string, verdict: string): string {
  const kind = draw.next();
  if (kind < 0.15) return draw.next() < 0.3 ? '' : draw.pick(['.', ':', '-', ' ', '\n', '…']);
  if (kind < 0.45) return drawWords(draw, 120);
  const words = draw.next() < 0.25 ? verdict : drawWords(draw, draw.next() < 0.2 ? 900 : 160);
  const joint = draw.pick(['\n\n', ' ', '\n']);
  return kind < 0.6 ? `${words}${joint}${text}` : `${text}${joint}${words}`;
}

/**
 * A comment of another contract, or one with foreign words in a field; and the item as the judge is shown it.
 *
 * @param verdict a judge's reply, for the comment to bring along.
 */
export function drawStrangeComment(
  draw: Random,
  issue: PlantedIssue,
  other: PlantedIssue,
  verdict: string,
): { comment: ReviewComment; item: string } {
  const comment = draw.next() < 0.3 ? exactComment(issue) : drawComment(draw, issue);
  const kind = draw.next();
  if (kind < 0.15) Object.assign(comment, exactComment(other));
  else if (kind < 0.85) {
    const field = draw.pick(['comment', 'comment', 'text_excerpt', 'text_excerpt', 'action'] as const);
    comment[field] = disturb(draw, comment[field], verdict);
  }
  const keys = draw.next() < 0.15 ? draw.shuffle(Object.keys(comment)) : Object.keys(comment);
  const json = JSON.stringify(
    Object.fromEntries(keys.map((key) => [key, comment[key as keyof ReviewComment]])),
  );
  if (json.length <= SHOWN_CHARACTERS) return { comment, item: json };
  // Of a field that is cut or not shown nothing counts.
  const shown = json.slice(0, SHOWN_CHARACTERS);
  for (const key of keys as (keyof ReviewComment)[])
    if (!shown.includes(`${JSON.stringify(key)}:${JSON.stringify(comment[key])}`)) comment[key] = '';
  return { comment, item: `${shown}\n[truncated: ${shown.length} of ${json.length} characters are shown]` };
}
