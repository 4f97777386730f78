import { hasDuplicateKeys } from '../extract.js';

/** Longer replies are not read. */
const MAX_CHARACTERS = 200_000;
const END_OF_THOUGHT = '</think>';

/** Part of the fingerprint of judges whose replies are read here: raise it when the same reply is read differently. */
export const SCORE_PARSER_VERSION = 1;

const NUMBER = '[-+]?\\d{1,9}(?:\\.\\d{1,15})?';
const REASON = '(?:reason(?:ing)?|explanation|justification|because|comment)\\b';
const SCORE_LINE = new RegExp(
  `^\\W*(?:final |overall |total )?(?:score|rating|grade|result) ?[:=] ?[[(]{0,2}(${NUMBER})(?: ?(?:/|out of) ?(${NUMBER}))?[\\])]{0,2}(?:[.,;]? *$|[.,;]? +${REASON})`,
  'i',
);
const NUMBER_LINE = new RegExp(`^[[(]{0,2}(${NUMBER})(?: ?(?:/|out of) ?(${NUMBER}))?[\\])]{0,2}[.]?$`, 'i');

/**
 * The score that a reply states: a number alone; on the first or last line, with an explanation; after `Score:` on a
 * line of its own; or as `score` or `result` of a JSON object. Numbers elsewhere are not looked at. A reply that states
 * two different scores states none, whichever comes last: the other one may be an echo of the answer that was judged.
 *
 * @param range lowest and highest score; beyond it is no score. "4/5" is 4, where 5 is the highest.
 */
export function readScoreReply(
  text: string,
  range: readonly [number, number],
): { score: number } | { problem: string } {
  const lines = linesOf(text);
  if (!Array.isArray(lines)) return lines;
  const [low, high] = range;
  const whole = fromJson(text, ['score', 'result']);
  if (whole !== undefined) {
    if (typeof whole !== 'number') return { problem: 'the score is no number' };
    return onScale(whole, low, high);
  }
  const named = lines.flatMap((line) => matchesOf(SCORE_LINE, line));
  const found =
    named.length > 0 ? named : [lines[0]!, lines.at(-1)!].flatMap((line) => matchesOf(NUMBER_LINE, line));
  const scores = new Set<number>();
  for (const match of found) {
    if (match[2] !== undefined && Number(match[2]) !== high)
      return { problem: `the score is out of ${match[2]}, expected ${high}` };
    scores.add(Number(match[1]));
  }
  const [score, other] = scores;
  if (score === undefined) return { problem: 'the reply states no score' };
  if (other !== undefined)
    return { problem: `the reply states several scores: ${[...scores].slice(0, 4).join(', ')}` };
  return onScale(score, low, high);
}

/**
 * The label that a reply states: alone, on the first or last line, after `Label:` on a line of its own, or as `label` or
 * `result` of a JSON object. Case does not matter. A reply that states two labels states none.
 */
export function readLabelReply(
  text: string,
  labels: readonly string[],
): { label: string } | { problem: string } {
  const lines = linesOf(text);
  if (!Array.isArray(lines)) return lines;
  const known = (said: string): string | undefined => {
    const bare = said.replace(/^[\s"'[(]+|[\s"'\]).,;]+$/g, '').toLowerCase();
    return labels.find((label) => label.trim().toLowerCase() === bare);
  };
  const whole = fromJson(text, ['label', 'result']);
  const named = lines.flatMap(
    (line) => /^\W*(?:final )?(?:label|result|answer) ?[:=](.*)$/i.exec(line)?.[1] ?? [],
  );
  const said =
    whole !== undefined
      ? [typeof whole === 'string' ? whole : '']
      : named.length > 0
        ? named
        : [lines[0]!, lines.at(-1)!];
  const found = new Set(said.map(known).filter((label) => label !== undefined));
  const [label, other] = found;
  if (label === undefined || named.some((one) => known(one) === undefined))
    return { problem: `the reply states none of the labels ${labels.join(', ')}` };
  return other === undefined
    ? { label }
    : { problem: `the reply states several labels: ${[...found].join(', ')}` };
}

function matchesOf(expression: RegExp, line: string): RegExpExecArray[] {
  const match = expression.exec(line);
  return match ? [match] : [];
}

function onScale(score: number, low: number, high: number): { score: number } | { problem: string } {
  // −0 is 0: it would not survive being stored.
  if (score >= low && score <= high) return { score: score + 0 };
  return { problem: `the score ${score} is not between ${low} and ${high}` };
}

/** The lines that say something, without marks of Markdown; what a reasoning model thought aloud is left out. */
function linesOf(text: string): string[] | { problem: string } {
  if (text.length > MAX_CHARACTERS)
    return { problem: `the reply is longer than ${MAX_CHARACTERS} characters` };
  const lines = answerIn(text)
    .replace(/[*`_#]/g, '')
    .split(/\r\n|[\r\n\u2028\u2029]/)
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? { problem: 'the reply is empty' } : lines;
}

function answerIn(text: string): string {
  const end = text.lastIndexOf(END_OF_THOUGHT);
  return end < 0 ? text : text.slice(end + END_OF_THOUGHT.length);
}

/**
 * The member of a reply that is one JSON object, fenced or not; undefined where it is none or has no such member, null
 * where it has several.
 */
function fromJson(text: string, keys: readonly string[]): unknown {
  const json = answerIn(text)
    .trim()
    .replace(/^```[a-z]*\s*\n|\n?```$/gi, '');
  if (!json.startsWith('{')) return undefined;
  let value: object;
  try {
    value = JSON.parse(json) as object;
  } catch {
    return undefined; // Not JSON: read as lines.
  }
  if (hasDuplicateKeys(json)) return null;
  const own = keys.filter((key) => Object.hasOwn(value, key));
  if (own.length > 1) return null;
  return own.length === 0 ? undefined : (value as Record<string, unknown>)[own[0]!];
}
