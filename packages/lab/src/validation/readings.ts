import { InputError, type CriterionVerdict, type ScoredVerdict, type Verdict } from '@touchstone/spec';

import {
  assertTaskCriteria,
  type Criterion,
  criteriaFor,
  type Judge,
  type Judgement,
  type LabelledAnswer,
  type Labels,
  nearest,
  pointsScore,
  scaleRange,
  toScore,
  vetoOf,
} from '@touchstone/core';
import { groupBy, meanOf, sumOf } from '../statistics/values.js';

/** A labelled answer as it is examined. */
export interface ExaminedAnswer extends LabelledAnswer {
  /** What the judge's verdicts on it name, where its criteria come with the task. Default: the judge's criteria. */
  criteria?: readonly Criterion[];
}

/** A labelled answer with what the judges said of it. */
export interface JudgedAnswer {
  answer: ExaminedAnswer;
  /** What the judge said, once for each repeat; the first is what is compared with labels. */
  repeats: Opinion[];
  /** What the held-out judge said; null where there is none. */
  heldout: Opinion | null;
}

/** A judgement with the judge's own verdicts only: those of a panel's members are not what trains. What each member found is in `members`. */
export type Opinion = Pick<Judgement, 'answer' | 'verdicts' | 'members'>;

/** What the judge wrote; of several calls, one reply after the other. */
export function replyOf({ verdicts }: Opinion): string {
  return [...new Set(verdicts.map(({ raw }) => raw))].filter((raw) => raw !== '').join('\n\n');
}

/** False for an item that is empty or past the judge's cap: it scores 0 without a call. */
export function wasAsked(verdict: Verdict): boolean {
  return verdict.key !== '';
}

/** What is labelled and read where a judge has no criteria, as a comparison has none: the score of the whole, 0–1. */
export const WHOLE = 'score';
/** What earlier versions called it: comparisons and rankings. */
const FORMER_NAMES = ['Preference', 'Rank'];

/** What a label is of. */
export function labelName(name: string, criteria: readonly Criterion[]): string {
  return criteria.length === 0 && FORMER_NAMES.includes(name) ? WHOLE : name;
}

/** What a verdict says that labels and repeats can be compared with: its criteria, or the score of the whole. */
export function judgedParts({ criteria, score }: ScoredVerdict, ofJudge: readonly Criterion[]): Judged[] {
  return ofJudge.length > 0 && criteria.length > 0
    ? criteria.map(({ criterion, category = criterion, value, score }) => ({
        name: criterion,
        criterion: category,
        value,
        score,
      }))
    : [{ name: WHOLE, criterion: WHOLE, value: score, score }];
}

/** What a verdict says of one criterion. */
interface Judged extends Pick<CriterionVerdict, 'value' | 'score'> {
  /** As verdicts and labels call it. */
  name: string;
  /** As figures call it: of a criterion that came with the task, the category. */
  criterion: string;
}

/** The labelled answers, each with the criteria of its task where they come with it. @throws {InputError} naming every odd task. */
export function withTaskCriteria(labelled: readonly LabelledAnswer[], judge: Judge): ExaminedAnswer[] {
  assertTaskCriteria(
    [judge],
    labelled.map(({ task }) => task),
  );
  return judge.criteriaOf === undefined
    ? [...labelled]
    : labelled.map((answer) => ({ ...answer, criteria: criteriaFor(judge, answer.task) }));
}

/** A label as 0–1. */
export function toLabelScore(name: string, label: number | boolean, criteria: readonly Criterion[]): number {
  const criterion = criteria.find((one) => one.name === name);
  return criterion ? toScore(criterion, Number(label)) : Number(label);
}

/** Scores are means of means: what differs by less than this differs by rounding alone, which is no order. */
export const ROUNDING = 1e-9;
/** Scores that differ by rounding alone become one number. */
export const withoutRounding = (score: number): number => Math.round(score * 1e9) / 1e9;

/**
 * What an answer is worth by its labels, 0–1: the mean over its items of the weighted mean of the criteria that are
 * labelled (with points, what they come to), and 0 where a label fails a veto; for a judge without criteria, `score`.
 */
export function labelScore(
  { labels, criteria: ofTask }: Pick<ExaminedAnswer, 'labels' | 'criteria'>,
  ofJudge: readonly Criterion[],
): number | null {
  const criteria = ofTask ?? ofJudge;
  const items = labels.flatMap((record) => {
    const values = Object.entries(record).map(([criterion, label]) => ({ criterion, value: Number(label) }));
    if (vetoOf(criteria, values) !== undefined) return 0;
    const parts = Object.entries(record).map(([name, label]) => ({
      weight: 1,
      ...criteria.find((one) => one.name === name),
      score: toLabelScore(name, label, criteria),
    }));
    return pointsScore(parts) ?? [];
  });
  return items.length === 0
    ? null
    : withoutRounding(items.reduce((sum, item) => sum + item, 0) / items.length);
}

/**
 * What counts as right of an answer that several people judged, where they have not settled on anything: of a Boolean criterion what
 * the majority says, of a graded one (and of `score`) the mean. Lines with labels of one and the same answer are several people, too: no
 * judge could put an answer above itself.
 *
 * @returns `split`: Boolean labels that are left out, because as many said true as false.
 */
export function settleLabels(
  labelled: readonly ExaminedAnswer[],
  criteria: readonly Criterion[],
): { labelled: ExaminedAnswer[]; split: number } {
  const nameOf = ({ task, response }: LabelledAnswer): string => JSON.stringify([task.id, response]);
  const settled = new Map(
    groupBy(labelled, labelled.map(nameOf)).map((copies) => {
      const stated = copies.flatMap(({ labels }) => (labels.length > 0 ? [labels] : []));
      const people = copies.flatMap(({ raters = {} }) => Object.values(raters));
      const own = copies[0]!.criteria ?? criteria;
      return [nameOf(copies[0]!), agreed(stated.length > 0 ? stated : people, own)] as const;
    }),
  );
  return {
    labelled: labelled.map((answer) => ({ ...answer, labels: settled.get(nameOf(answer))!.labels })),
    split: sumOf([...settled.values()].map(({ split }) => split)),
  };
}

/** What several people agree on, record by record. */
function agreed(
  people: readonly Labels[],
  criteria: readonly Criterion[],
): { labels: Labels; split: number } {
  if (people.length === 1) return { labels: people[0]!, split: 0 };
  let split = 0;
  const items = Math.max(0, ...people.map(({ length }) => length));
  const labels = Array.from({ length: items }, (_, item) => {
    const said = new Map<string, number[]>();
    for (const [name, label] of people.flatMap((records) => Object.entries(records[item] ?? {}))) {
      said.set(name, [...(said.get(name) ?? []), Number(label)]);
    }
    return Object.fromEntries(
      [...said].flatMap(([name, values]): [string, number][] => {
        const mean = meanOf(values);
        if (criteria.find((one) => one.name === name)?.scale !== 'boolean') return [[name, mean]];
        if (mean === 0.5) split++;
        return mean === 0.5 ? [] : [[name, Math.round(mean)]];
      }),
    );
  });
  return { labels, split };
}

/**
 * Checks labels, those of each person too, against the judge's criteria, before anything is paid for.
 *
 * @throws {InputError} naming each label of an unknown criterion or off the criterion's scale.
 */
export function assertLabelsFit(labelled: readonly ExaminedAnswer[], ofJudge: readonly Criterion[]): void {
  const tasksOf = new Map<string, Set<string>>();
  for (const { task, labels, raters = {}, criteria = ofJudge } of labelled)
    for (const record of [labels, ...Object.values(raters)].flat())
      for (const [name, label] of Object.entries(record)) {
        const problem = labelProblem(labelName(name, criteria), label, criteria);
        if (problem === null) continue;
        if (!tasksOf.has(problem)) tasksOf.set(problem, new Set());
        tasksOf.get(problem)!.add(task.id);
      }
  // A name that is misspelt is so on every line.
  const problems = [...tasksOf].map(([problem, ids]) => {
    const [first, ...others] = ids;
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return { message: `labelled answer to task "${first}"${more}: ${problem}` };
  });
  if (problems.length > 0) throw new InputError(problems);
}

function labelProblem(name: string, label: number | boolean, criteria: readonly Criterion[]): string | null {
  const value = Number(label);
  if (criteria.length === 0) {
    if (name !== WHOLE) return `expected ${WHOLE}, since the judge has no criteria, got "${name}"`;
    return value >= 0 && value <= 1 ? null : `${WHOLE} goes from 0 to 1, got ${label}`;
  }
  const criterion = criteria.find((one) => one.name === name);
  if (!criterion) {
    const names = criteria.map((one) => one.name);
    const guess = nearest(name, names);
    const hint = guess === undefined ? '' : `, did you mean "${guess}"?`;
    return `expected a criterion of the judge (${names.join(', ')}), got "${name}"${hint}`;
  }
  if (criterion.scale === 'boolean') {
    return value === 0 || value === 1 ? null : `${name} is true or false, got ${label}`;
  }
  const { min, max } = scaleRange(criterion);
  return typeof label === 'number' && label >= min && label <= max
    ? null
    : `${name} goes from ${min} to ${max}, got ${label}`;
}
