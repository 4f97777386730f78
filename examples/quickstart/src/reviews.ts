import type { Random } from '@touchstone/spec';
import { SUBJECTS, UNITS, type PlantedIssue } from './contracts.js';

/** One comment of a review, with the keys of the article's contract-review case. */
export interface ReviewComment {
  comment_id: string;
  text_excerpt: string;
  comment: string;
  comment_type: string;
  action: string;
}

/** How real annotators go wrong, one at a time. */
export const HABITS = [
  'exact',
  'quotes-reference',
  'quotes-other-clause',
  'vague',
  'wrong-type',
  'broken-json',
] as const;
export type Habit = (typeof HABITS)[number];
/** Share of each habit; they sum to 1. */
export type HabitRates = Record<Habit, number>;

/** What the base policy was trained on: it has the skill, and every bad habit. */
export const BASE_RATES: HabitRates = {
  exact: 0.25,
  'quotes-reference': 0.15,
  'quotes-other-clause': 0.15,
  vague: 0.15,
  'wrong-type': 0.15,
  'broken-json': 0.15,
};

/** The small labelled set for supervised fine-tuning: careful people, and still people. */
export const ANNOTATION_RATES: HabitRates = {
  exact: 0.6,
  'quotes-reference': 0.08,
  'quotes-other-clause': 0.08,
  vague: 0.12,
  'wrong-type': 0.08,
  'broken-json': 0.04,
};

export const CLEAN_RATES: HabitRates = {
  exact: 1,
  'quotes-reference': 0,
  'quotes-other-clause': 0,
  vague: 0,
  'wrong-type': 0,
  'broken-json': 0,
};

export const VAGUE_COMMENTS = [
  'Please review this clause.',
  'This clause may need attention.',
  'Consider this clause.',
];
export const VAGUE_ACTIONS = ['Review it.', 'Discuss with counsel.', 'Consider a change.'];

/** The sentence that states the facts; the type, which follows from them, comes after it. */
export const factualComment = ({ subject, unit, bound, value, limit }: PlantedIssue): string =>
  `The ${subject} is ${value} ${unit}, the ${bound === 'max' ? 'limit' : 'minimum'} is ${limit}.`;

export const concreteAction = ({ value, limit }: PlantedIssue, breach: boolean): string =>
  breach ? `Change ${value} to ${limit}.` : 'No change.';

export function exactComment(issue: PlantedIssue): ReviewComment {
  return {
    comment_id: '1',
    text_excerpt: issue.clauses[issue.target]!,
    comment: factualComment(issue),
    comment_type: issue.breach ? 'risk' : 'compliant',
    action: concreteAction(issue, issue.breach),
  };
}

const otherClause = (draw: Random, { clauses, target }: PlantedIssue): string =>
  draw.pick(clauses.filter((_, i) => i !== target));

/** A review as an annotator with one habit writes it: text, for a broken one is no JSON. */
export function writeReview(draw: Random, issue: PlantedIssue, habit: Habit): string {
  const comment = exactComment(issue);
  switch (habit) {
    case 'exact':
    case 'broken-json':
      break;
    case 'quotes-reference':
      comment.text_excerpt = issue.guideline;
      break;
    case 'quotes-other-clause':
      comment.text_excerpt = otherClause(draw, issue);
      break;
    case 'vague':
      comment.comment = draw.pick(VAGUE_COMMENTS);
      comment.action = draw.pick(VAGUE_ACTIONS);
      break;
    case 'wrong-type':
      comment.comment_type = issue.breach ? 'compliant' : 'risk';
      comment.action = concreteAction(issue, !issue.breach);
      break;
  }
  const text = JSON.stringify([comment]);
  return habit === 'broken-json' ? breakJson(draw, text) : text;
}

/** Drops the end, or a quotation mark inside, as hurried copying does. */
function breakJson(draw: Random, text: string): string {
  if (draw.next() < 0.5) return text.slice(0, -1 - draw.integer(3));
  return text.replace('","action":"', draw.pick(['","action":', ',"action":"']));
}

export function drawHabit(draw: Random, rates: HabitRates): Habit {
  let rest = draw.next();
  for (const habit of HABITS) {
    rest -= rates[habit];
    if (rest < 0) return habit;
  }
  return 'exact';
}

/** Half of them the clause that is asked about; else the guideline, another clause, or a quote with a slip in it. */
export function drawExcerpt(draw: Random, issue: PlantedIssue): string {
  const target = issue.clauses[issue.target]!;
  const kind = draw.next();
  if (kind < 0.5) return target;
  if (kind < 0.64) return issue.guideline;
  if (kind < 0.87) return otherClause(draw, issue);
  return alterWord(draw, draw.next() < 0.7 ? target : otherClause(draw, issue));
}

/**
 * A comment as a policy in training may write it: any defects together, and slips of copying. Judges learn from these.
 */
export function drawComment(draw: Random, issue: PlantedIssue): ReviewComment {
  const comment = exactComment(issue);
  comment.text_excerpt = drawExcerpt(draw, issue);
  const opinion = draw.next();
  if (opinion < 0.2) {
    comment.comment_type = issue.breach ? 'compliant' : 'risk';
    comment.action = concreteAction(issue, !issue.breach);
  } else if (opinion < 0.28) {
    comment.comment_type = issue.breach ? 'compliant' : 'risk';
  }
  const facts = draw.next();
  if (facts < 0.15) comment.comment = draw.pick(VAGUE_COMMENTS);
  else if (facts < 0.23) comment.comment = alterNumber(draw, comment.comment);
  const action = draw.next();
  if (action < 0.17) comment.action = draw.pick(VAGUE_ACTIONS);
  else if (action < 0.25) comment.action = concreteAction(issue, !issue.breach);
  else if (action < 0.33) comment.action = alterNumber(draw, `Change ${issue.value} to ${issue.limit}.`);
  // Reinforcement finds whatever a judge passes over: half sentences, another unit, another subject.
  if (draw.next() < 0.15) comment.action = slip(draw, comment.action);
  if (draw.next() < 0.15) comment.comment = slip(draw, comment.comment);
  else if (draw.next() < 0.12) comment.comment = swapTerm(draw, comment.comment);
  return comment;
}

/** Cuts the end off, or drops or doubles a word. */
function slip(draw: Random, text: string): string {
  const words = text.split(' ');
  const at = draw.integer(words.length);
  const kind = draw.integer(4);
  if (kind === 0) return text.slice(0, -1 - draw.integer(Math.max(1, text.length - 2)));
  if (kind === 1) return words.slice(0, Math.max(1, at)).join(' ');
  words.splice(at, 1, ...(kind === 2 ? [] : [words[at]!, words[at]!]));
  return words.join(' ');
}

/** Another unit or another subject in place of the right one. */
function swapTerm(draw: Random, text: string): string {
  const terms = draw.next() < 0.6 ? UNITS : SUBJECTS;
  const right = terms.find((term) => text.includes(term));
  return right === undefined ? text : text.replace(right, draw.pick(terms.filter((term) => term !== right)));
}

/** Replaces, drops or doubles one word, or changes a number: no longer a verbatim quote. */
function alterWord(draw: Random, text: string): string {
  if (draw.next() < 0.3) return alterNumber(draw, text);
  const words = text.split(' ');
  const at = draw.integer(words.length);
  const word = words[at]!;
  const kind = draw.integer(3);
  words.splice(
    at,
    1,
    ...(kind === 0
      ? []
      : kind === 1
        ? [word, word]
        : [draw.pick(['shall', 'days', 'fees', 'records', 'Agreement', word.slice(0, -1) || 'the'])]),
  );
  const altered = words.join(' ');
  return altered === text ? `${text} days` : altered;
}

function alterNumber(draw: Random, text: string): string {
  const numbers = [...text.matchAll(/\d+/g)];
  if (numbers.length === 0) return `${text} 10`;
  const chosen = draw.pick(numbers);
  const other = draw.pick(
    [10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95].filter(
      (n) => String(n) !== chosen[0],
    ),
  );
  return text.slice(0, chosen.index) + String(other) + text.slice(chosen.index + chosen[0].length);
}
