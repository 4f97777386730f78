import { readSpoken } from '../../text/thinking.js';
import { endsInSign, linesOf, memberOf, membersIn, verdictsAt, type VerdictPlace } from './said.js';

/** Part of the fingerprint of judges whose replies are read here: raise it when the same reply is read differently. */
export const SCORE_PARSER_VERSION = 4;

const NUMBER = '[-+]?\\d{1,9}(?:\\.\\d{1,15})?';
const REASON = '(?:reason(?:ing)?|explanation|justification|because|comment)\\b';
const SCORE_LINE = new RegExp(
  `^\\W*(?:final |overall |total )?(?:score|rating|grade|result) ?[:=] ?[[(]{0,2}(${NUMBER})(?: ?(?:/|out of) ?(${NUMBER}))?[\\])]{0,2}(?:[.,;]? *$|[.,;]? +${REASON})`,
  'i',
);
/** A score that is said on such a line with something behind it: no verdict by itself, and none beside another one. */
const SCORE_BEGINS = new RegExp(
  `^\\W*(?:final |overall |total )?(?:score|rating|grade) ?[:=] ?[[(]{0,2}(${NUMBER})(?! ?(?:-|–|to) ?\\d|\\d|\\.\\d)`,
  'i',
);
const NUMBER_BEGINS = new RegExp(`^[\\s"'*_\`[(]{0,6}(${NUMBER})(?! ?(?:-|–|to) ?\\d|\\d|\\.\\d)`);
const NUMBER_LINE = new RegExp(`^[[(]{0,2}(${NUMBER})(?: ?(?:/|out of) ?(${NUMBER}))?[\\])]{0,2}[.]?$`, 'i');

/** A number as lists have it. */
const LIST_NUMBER = /^\d{1,9}[.)]$/;
const LIST_ITEM = /^\d{1,9}[.)] /;

type Read = { score: number } | { problem: string };

/**
 * The score that a reply states outside of its thinking: a number alone; on the first or last line, with an explanation;
 * after `Score:` on a line of its own; or as `score` or `result` of a JSON object. Numbers elsewhere are not looked at.
 * A reply that states two different scores states none, whichever comes last: the other one may be an echo of the
 * answer that was judged.
 *
 * @param range lowest and highest score; beyond it is no score. "4/5" is 4, where 5 is the highest.
 * @param place where the score stands, in place of these.
 */
export function readScoreReply(text: string, range: readonly [number, number], place?: VerdictPlace): Read {
  return readSpoken(text, (said) => (place ? readAt(place, said, range) : readSaid(said, range)));
}

function readSaid(text: string, range: readonly [number, number]): Read {
  const found = linesOf(text);
  if (!Array.isArray(found)) return found;
  const lines = found.map(withoutMarks);
  const whole = memberOf(text, ['score', 'result']);
  if (whole !== undefined) {
    if (typeof whole !== 'number') return { problem: 'the score is no number' };
    return onScale([whole], range);
  }
  const stated = [...lines.flatMap((line) => matchesOf(SCORE_LINE, line)), ...numbersAlone(lines)];
  if (stated.length === 0) return { problem: 'the reply states no score' };
  // An object without a number may be quoted for another reason: only what cannot be told is in the way.
  const members = membersIn(text, ['score', 'result']);
  if (members.includes(null))
    return { problem: 'the reply states a score and has another one in JSON that is odd' };
  const inObjects = members.map((one) => (typeof one === 'string' && one.trim() !== '' ? Number(one) : one));
  return fromMatches(stated, range, [
    ...lines.flatMap((line) => matchesOf(SCORE_BEGINS, line)).map((match) => Number(match[1])),
    ...inObjects.filter((one) => Number.isFinite(one)).map(Number),
  ]);
}

/** Scores that are all of the first or the last line: no number of a list, nor one whose sign may stand on the line before. */
function numbersAlone(lines: readonly string[]): RegExpExecArray[] {
  const isList = lines.length > 1 && LIST_NUMBER.test(lines[0]!);
  const isCutList =
    lines.length > 1 &&
    LIST_NUMBER.test(lines.at(-1)!) &&
    (isList || lines.some((line) => LIST_ITEM.test(line)));
  const isOpen = lines.length > 1 && endsInSign(lines.at(-2)!);
  return [...(isList ? [] : [lines[0]!]), ...(isCutList || isOpen ? [] : [lines.at(-1)!])].flatMap((line) =>
    matchesOf(NUMBER_LINE, line),
  );
}

/** Everything that stands at the place has to be the same number. */
function readAt(place: VerdictPlace, text: string, range: readonly [number, number]): Read {
  const found = verdictsAt(place, text, (said) => {
    const [match] = matchesOf(NUMBER_BEGINS, said);
    return match && Number(match[1]);
  });
  if (!Array.isArray(found)) return found;
  const texts = found.filter((one) => typeof one === 'string');
  const matches = texts.flatMap((one) => matchesOf(NUMBER_LINE, withoutMarks(one)));
  const numbers = found.filter((one) => typeof one === 'number');
  if (matches.length + numbers.length < found.length) return { problem: 'the score is no number' };
  return fromMatches(matches, range, numbers);
}

function fromMatches(
  matches: readonly RegExpExecArray[],
  range: readonly [number, number],
  numbers: readonly number[] = [],
): Read {
  for (const match of matches)
    if (match[2] !== undefined && Number(match[2]) !== range[1])
      return { problem: `the score is out of ${match[2]}, expected ${range[1]}` };
  return onScale([...numbers, ...matches.map((match) => Number(match[1]))], range);
}

function onScale(found: readonly number[], [low, high]: readonly [number, number]): Read {
  const [score, ...others] = new Set(found);
  if (score === undefined) return { problem: 'the reply states no score' };
  if (others.length > 0)
    return { problem: `the reply states several scores: ${[score, ...others].slice(0, 4).join(', ')}` };
  // −0 is 0: it would not survive being stored.
  if (score >= low && score <= high) return { score: score + 0 };
  return { problem: `the score ${score} is not between ${low} and ${high}` };
}

function matchesOf(expression: RegExp, line: string): RegExpExecArray[] {
  const match = expression.exec(line);
  return match ? [match] : [];
}

/** Without the marks of Markdown. */
function withoutMarks(line: string): string {
  return line.replace(/[*`_#]/g, '').trim();
}
