import { readSpoken } from '../../text/thinking.js';
import { normaliseTypography } from '../../text/typography.js';
import {
  afterWord,
  endsInSign,
  linesOf,
  memberOf,
  membersIn,
  verdictsAt,
  type VerdictPlace,
} from './said.js';

type Read = { label: string } | { problem: string };

/** The words that a label follows on a line of its own, where nothing else is said. */
const NAMES = ['label', 'result', 'answer'];

/**
 * A label as it is compared, on both sides, where case does not count unless two labels differ in nothing else (m and M): typography, marks of Markdown, quotes, brackets and punctuation around
 * it do not count. What is inside of it does: `C#`, `correct_answer`, `A!=B`. A dash before a digit is no mark of a list:
 * it may be the digit's sign.
 */
function bareLabel(text: string): string {
  return normaliseTypography(text.replace(/\\([^A-Za-z0-9\s])/g, '$1'))
    .replace(/^(?:[\s*_`"'([{<#]|• |- (?![\s*_`"'([{<#]*\d))+/, '')
    .replace(TRAILING, '');
}
const TRAILING = /(?<![\s*_`"')\]}>.,;:!])[\s*_`"')\]}>.,;:!]+$/;

/**
 * The label that a reply states outside of its thinking: anywhere, where all labels stand in `[[…]]`; alone, on the first or last line, after `Label:` on a line of its
 * own, or as `label` or `result` of a JSON object; compared as `bareLabel` has it. A reply that states two labels states
 * none.
 *
 * @param place where the label stands, in place of these.
 */
export function readLabelReply(text: string, labels: readonly string[], place?: VerdictPlace): Read {
  const known = knownLabels(labels);
  const isLike = labels.every((label) => BRACKETED.test(label.trim())) && likeLabels(labels);
  return readSpoken(text, (said) => {
    const beginning = (text: string): string | undefined => known(text) ?? known(firstPart(text));
    const bracketed = isLike && !place ? verdictsAt(BRACKETS, said, beginning) : [];
    const ours = Array.isArray(bracketed) && isLike ? bracketed.filter(isLike) : [];
    const found = place
      ? verdictsAt(place, said, beginning)
      : ours.length > 0
        ? [...ours, ...besideBrackets(said, labels, beginning)]
        : statedIn(said, known, beginning);
    if (!Array.isArray(found)) return found;
    const stated = new Set(found.map(known));
    const [label] = stated;
    if (stated.size > 1 && !stated.has(undefined))
      return { problem: `the reply states several labels: ${[...stated].join(', ')}` };
    return label === undefined || stated.size > 1
      ? { problem: `the reply states none of the labels ${labels.join(', ')}` }
      : { label };
  });
}

/** Of a line that says a label and why: what stands before the first dash, bracket or mark of punctuation. */
const firstPart = (text: string): string => text.split(/\s[-–—]\s|[,;:(]|\.\s/)[0]!;

/** Labels that bring their own mark, as `[[A>B]]`, may stand anywhere. */
const BRACKETED = /^\[\[[^[\]]+\]\]$/;
const BRACKETS: VerdictPlace = { pattern: '[[{{verdict}}]]' };

/** Whether what stands in brackets is one of the labels or misspells one, as `A<B` does, and is not a list of numbers or code. */
function likeLabels(labels: readonly string[]): (said: unknown) => boolean {
  const letters = new Set(`<>=!~ ${labels.map(bareLabel).join('')}`.toLowerCase());
  return (said) =>
    typeof said === 'string' &&
    said.trim() !== '' &&
    [...said.toLowerCase()].every((letter) => letters.has(letter));
}

/**
 * Labels that a reply gives without the brackets that it gives one in: on its first or last line, behind a word for a verdict, or, of those that have a
 * sign (`A>>B`), anywhere behind the last brackets; before them they may be thought about.
 */
function besideBrackets(
  text: string,
  labels: readonly string[],
  beginning: (text: string) => string | undefined,
): string[] {
  const lines = linesOf(text.replace(/\[\[[^[\]]*\]\]/g, ' '));
  if (!Array.isArray(lines)) return [];
  const named = lines.flatMap((line) => [...NAMES, 'verdict'].flatMap((name) => afterWord(name, line) ?? []));
  const rest = normaliseTypography(text.slice(text.lastIndexOf(']]') + 2)).replace(/\\([<>=!~])/g, '$1');
  const words = new Set(rest.split(/[^\p{L}\p{N}<>=!~]+/u).filter((word) => /[<>=!~]/.test(word)));
  const tight = rest.replace(/ ?([<>=!~]+) ?/g, '$1').split(/[^\p{L}\p{N}<>=!~]+/u);
  for (const word of tight) if (/[<>=!~]/.test(word)) words.add(word);
  return [lines[0]!, lines.at(-1)!, ...named, ...words].flatMap((said) => beginning(said) ?? []);
}

/** Which label something is; undefined: none. */
function knownLabels(labels: readonly string[]): (said: unknown) => string | undefined {
  const caseCounts = new Set(labels.map((label) => label.toLowerCase())).size < labels.length;
  const fold = (text: string): string => (caseCounts ? bareLabel(text) : bareLabel(text).toLowerCase());
  const bare = new Map(labels.map((label) => [fold(label), label] as const).filter(([text]) => text !== ''));
  return (said) =>
    ['string', 'number', 'boolean'].includes(typeof said) ? bare.get(fold(String(said))) : undefined;
}

/** What a reply states; each has to be a label. */
function statedIn(
  text: string,
  known: (said: unknown) => string | undefined,
  beginning: (text: string) => string | undefined,
): unknown[] | { problem: string } {
  const lines = linesOf(text);
  if (!Array.isArray(lines)) return lines;
  if (known(text) !== undefined) return [text];
  const whole = memberOf(text, ['label', 'result']);
  if (whole !== undefined) return [whole];
  const isOpen = lines.length > 1 && endsInSign(lines.at(-2)!) && /^\W*\d/.test(lines.at(-1)!);
  const ends = isOpen ? [lines[0]!] : [lines[0]!, lines.at(-1)!];
  const alone = ends.filter((line) => known(line) !== undefined);
  const named = lines
    .filter((line) => known(line) === undefined)
    .flatMap((line) => NAMES.flatMap((name) => afterWord(name, line) ?? []));
  const stated = [...alone, ...named];
  // A label with a reason behind it is no verdict by itself, and none beside another one.
  const rivals = [
    ...ends.filter((line) => known(line) === undefined),
    ...lines.flatMap((line) => afterWord('verdict', line) ?? []),
    ...membersIn(text, ['label', 'result']).filter((one) => typeof one === 'string'),
  ].flatMap((said) => beginning(said) ?? []);
  return stated.length === 0 ? stated : [...stated, ...rivals];
}
