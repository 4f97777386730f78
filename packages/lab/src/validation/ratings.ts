import type { Criterion, LabelledAnswer, Labels } from '@touchstone/core';

import { groupBy } from '../statistics/values.js';
import type { Evidence } from './evidence.js';
import {
  judgedParts,
  type JudgedAnswer,
  labelName,
  labelScore,
  ROUNDING,
  toLabelScore,
  wasAsked,
  WHOLE,
} from './readings.js';

/** What somebody said of one thing. */
interface Said {
  /** On the criterion's own scale. */
  value: number;
  /** The same on 0–1. */
  score: number;
}

/**
 * One thing that judge and people may each have said something of: one criterion of one item, or, where the judge has no
 * criteria and compares, one comparison of two answers (1 better, ½ as good, 0 worse).
 */
export interface Rating {
  /** The task's id: ratings of one task are resampled together. */
  task: string;
  criterion: string;
  /** Whether it is good not to meet the criterion. */
  isFault: boolean;
  /** The labelled answer, by its place; of a comparison the one that is better or worse. */
  answer: number;
  /** Of a comparison, the answer that it is compared with; null elsewhere. */
  other: number | null;
  /** Null where the judge abstained or never saw such a thing. */
  judge: Said | null;
  /** What counts as right; null where it is not labelled. */
  label: Said | null;
  /** Scores, 0–1, in the order of `ratersOf`; null where that person said nothing. */
  people: (number | null)[];
}

/** A rating that has both a verdict and a label. */
export interface Reading {
  task: string;
  criterion: string;
  isFault: boolean;
  answer: number;
  value: number;
  label: number;
  score: number;
  labelScore: number;
}

/** The people who labelled anything, each once. */
export function ratersOf(answers: readonly { answer: LabelledAnswer }[]): string[] {
  return [...new Set(answers.flatMap(({ answer: { raters } }) => Object.keys(raters ?? {})))];
}

/** What one of them said of an answer; nothing, where that person did not see it. Names are the user's: one may be `constructor`. */
export const labelsBy = (rater: string, { raters = {} }: LabelledAnswer): Labels =>
  Object.hasOwn(raters, rater) ? raters[rater]! : [];

/**
 * Puts labels and what each person said beside the judge's first verdicts.
 *
 * - Of a judge with criteria, by item and criterion: labels of the whole answer go with a verdict of the whole answer, label
 *   record i with the verdict of item i. A single record for an answer of several items is taken to label the whole answer, which
 *   no verdict of one item can be compared with.
 * - Of one without, its score with `score`.
 * - Of one without that compares the answers to a task, each comparison of two of them, once from either side, with the order that
 *   the two labels give.
 */
export function rate(evidence: Rated): readonly Rating[] {
  let found = rated.get(evidence);
  if (!found) rated.set(evidence, (found = rateAnswers(evidence)));
  return found;
}

type Rated = Pick<Evidence, 'answers' | 'criteria' | 'compares'>;
/** Most families of findings ask for the ratings of the same evidence. */
const rated = new WeakMap<Rated, Rating[]>();

function rateAnswers({ answers, criteria, compares }: Rated): Rating[] {
  const raters = ratersOf(answers);
  if (!compares || criteria.length > 0) {
    return answers.flatMap((one, place) => rateItems(one, place, criteria, raters));
  }
  const places = answers.map((_, place) => place);
  return groupBy(
    places,
    answers.map(({ answer }) => answer.task.id),
  ).flatMap((group) => rateComparisons(group, answers, raters));
}

/** The ratings that verdict and label both have. */
export function readingsOf(ratings: readonly Rating[]): Reading[] {
  return ratings.flatMap(({ task, criterion, isFault, answer, judge, label }) =>
    judge && label
      ? [
          {
            task,
            criterion,
            isFault,
            answer,
            value: judge.value,
            label: label.value,
            score: judge.score,
            labelScore: label.score,
          },
        ]
      : [],
  );
}

/** Labels that no verdict could be compared with; of a judge that compares, answers in no comparison. */
export function unmatchedLabels(evidence: Rated): number {
  const labelled = rate(evidence).filter(({ label }) => label !== null);
  if (!evidence.compares || evidence.criteria.length > 0) {
    return labelled.filter(({ judge }) => judge === null).length;
  }
  const compared = new Set(labelled.flatMap(({ answer, judge }) => (judge ? [answer] : [])));
  return evidence.answers.filter(
    ({ answer }, place) => labelScore(answer, []) !== null && !compared.has(place),
  ).length;
}

function rateItems(
  { answer, repeats }: JudgedAnswer,
  place: number,
  ofJudge: readonly Criterion[],
  raters: readonly string[],
): Rating[] {
  const criteria = answer.criteria ?? ofJudge;
  const verdicts = repeats[0]?.verdicts ?? [];
  const people = raters.map((name) => labelsBy(name, answer));
  const items = Math.max(answer.labels.length, ...people.map(({ length }) => length));
  const comparable = items > 1 || verdicts.length <= 1;
  return Array.from({ length: items }, (_, item) => {
    const verdict = comparable
      ? verdicts.filter(wasAsked).find((one) => (one.item ?? 0) === item)
      : undefined;
    const parts = verdict?.status === 'scored' ? judgedParts(verdict, criteria) : [];
    const [label, ...said] = [answer.labels, ...people].map((records) =>
      named(records[item] ?? {}, criteria),
    );
    const names = new Set([label!, ...said].flatMap((record) => [...record.keys()]));
    return [...names].map((name): Rating => {
      const labelled = label!.get(name);
      const part = parts.find((one) => one.name === name);
      const criterion = criteria.find((one) => one.name === name);
      return {
        task: answer.task.id,
        criterion: criterion?.category ?? name,
        isFault: criterion?.unwanted === true,
        answer: place,
        other: null,
        judge: part ? { value: part.value, score: part.score } : null,
        label: labelled ?? null,
        people: said.map((record) => record.get(name)?.score ?? null),
      };
    });
  }).flat();
}

function named(record: Labels[number], criteria: readonly Criterion[]): Map<string, Said> {
  return new Map(
    Object.entries(record).map(([name, label]) => {
      const criterion = labelName(name, criteria);
      return [criterion, { value: Number(label), score: toLabelScore(criterion, label, criteria) }];
    }),
  );
}

/** @param group places of the answers to one task, in the order in which the judge was shown them. */
function rateComparisons(
  group: readonly number[],
  answers: readonly JudgedAnswer[],
  raters: readonly string[],
): Rating[] {
  const siblings = group.map((place) => {
    const { answer, repeats } = answers[place]!;
    const verdicts = (repeats[0]?.verdicts ?? []).flatMap((one) => (one.status === 'scored' ? [one] : []));
    const said = repeats[0]?.answer;
    return {
      place,
      task: answer.task.id,
      label: labelScore(answer, []),
      people: raters.map((name) => labelScore({ labels: labelsBy(name, answer) }, [])),
      outcomes: verdicts.filter(({ outcome }) => outcome !== undefined),
      score: said?.status === 'scored' && verdicts.some(wasAsked) ? said.score : null,
    };
  });
  type Sibling = (typeof siblings)[number];
  // A ranking has no comparisons of two: there the scores say who is better.
  const compare = (a: Sibling, b: Sibling, other: number): number | null =>
    a.outcomes.length > 0
      ? (a.outcomes.find((one) => wasAsked(one) && one.against?.[0] === String(other))?.score ?? null)
      : better(a.score, b.score);
  return siblings.flatMap((a, i) =>
    siblings.flatMap((b, j): Rating[] => {
      if (i === j) return [];
      const [judge, label] = [compare(a, b, j), better(a.label, b.label)];
      return [
        {
          task: a.task,
          criterion: WHOLE,
          isFault: false,
          answer: a.place,
          other: b.place,
          judge: judge === null ? null : { value: judge, score: judge },
          label: label === null ? null : { value: label, score: label },
          people: a.people.map((score, rater) => better(score, b.people[rater]!)),
        },
      ];
    }),
  );
}

/** 1, ½ or 0 for the first of two scores; scores that differ by rounding only are equal. */
function better(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  return Math.abs(a - b) < ROUNDING ? 0.5 : Number(a > b);
}
