import { InputError, type CriterionVerdict, type ScoredVerdict, type Verdict } from '@touchstone/spec';

import {
  type Criterion,
  type Judgement,
  type LabelledAnswer,
  scaleRange,
  toScore,
  weightedMean,
} from '@touchstone/core';
import type { Evidence } from './evidence.js';

/** A labelled answer with what the judges said of it. */
export interface JudgedAnswer {
  answer: LabelledAnswer;
  /** What the judge said, once for each repeat; the first is what is compared with labels. */
  repeats: Opinion[];
  /** What the held-out judge said; null where there is none. */
  heldout: Opinion | null;
}

/** A judgement with the judge's own verdicts only: those of a panel's members are not what trains. */
export type Opinion = Pick<Judgement, 'answer' | 'verdicts'>;

/** False for an item that is empty or past the judge's cap: it scores 0 without a call. */
export function wasAsked(verdict: Verdict): boolean {
  return verdict.key !== '';
}

/** What is read of a verdict without criteria, as a comparison is: its score, 0–1. */
const WHOLE = 'score';

/** What a verdict says that labels and repeats can be compared with: its criteria, or the score of the whole. */
export function judgedParts(
  { criteria, score }: ScoredVerdict,
  ofJudge: readonly Criterion[],
): Pick<CriterionVerdict, 'criterion' | 'value' | 'score'>[] {
  return ofJudge.length > 0 && criteria.length > 0 ? criteria : [{ criterion: WHOLE, value: score, score }];
}

function toLabelScore(name: string, label: number, criteria: readonly Criterion[]): number {
  const criterion = criteria.find((one) => one.name === name);
  return criterion ? toScore(criterion, label) : label;
}

/**
 * What an answer is worth by its labels, 0–1: the mean over its items of the weighted mean of the criteria that are
 * labelled; for a judge without criteria, `score`. Vetoes are left to the judge.
 */
export function labelScore({ labels }: LabelledAnswer, criteria: readonly Criterion[]): number | null {
  const items = labels.flatMap((record) => {
    const parts = Object.entries(record).map(([name, label]) => ({
      value: toLabelScore(name, label, criteria),
      weight: criteria.find((one) => one.name === name)?.weight ?? 1,
    }));
    return parts.length === 0 ? [] : [weightedMean(parts)];
  });
  return items.length === 0 ? null : items.reduce((sum, item) => sum + item, 0) / items.length;
}

/** Every verdict that the judge was asked for, on labelled answers and on cases. */
export function verdictsAsked({
  answers,
  cases,
}: Pick<Evidence, 'answers' | 'cases'>): { task: string; verdict: Verdict }[] {
  const said = [
    ...answers.map(({ answer, repeats }) => ({ task: answer.task.id, opinions: repeats })),
    ...cases.map(({ case: { task }, repeats }) => ({ task: task.id, opinions: repeats.flat() })),
  ];
  return said.flatMap(({ task, opinions }) =>
    opinions.flatMap(({ verdicts }) => verdicts.filter(wasAsked).map((verdict) => ({ task, verdict }))),
  );
}

/** One criterion of one item, read twice: by the judge and by the person who labelled it. */
export interface Reading {
  /** The task's id: readings of one task are resampled together. */
  task: string;
  criterion: string;
  /** On the criterion's own scale. */
  value: number;
  label: number;
  /** The same on 0–1. */
  score: number;
  labelScore: number;
}

/**
 * Pairs each label with the judge's verdict on the same item and criterion; with its score, where the judge has no criteria. Labels of the whole answer go with a verdict
 * of the whole answer, label record i with the verdict of item i. A single record for an answer of several items is taken to
 * label the whole answer, which no verdict of one item can be compared with.
 *
 * @returns `unmatched`: labels without a verdict, because the judge abstained or never saw such an item.
 */
export function readLabels(
  answers: readonly JudgedAnswer[],
  criteria: readonly Criterion[],
): { readings: Reading[]; unmatched: number } {
  const readings: Reading[] = [];
  let unmatched = 0;
  for (const { answer, repeats } of answers) {
    const verdicts = repeats[0]?.verdicts ?? [];
    const comparable = answer.labels.length > 1 || verdicts.length <= 1;
    answer.labels.forEach((labels, index) => {
      const verdict = comparable
        ? verdicts.filter(wasAsked).find(({ item }) => (item ?? 0) === index)
        : undefined;
      for (const [name, label] of Object.entries(labels)) {
        const parts = verdict?.status === 'scored' ? judgedParts(verdict, criteria) : [];
        const found = parts.find((part) => part.criterion === name);
        if (!found) {
          unmatched++;
          continue;
        }
        readings.push({
          task: answer.task.id,
          criterion: name,
          value: found.value,
          label,
          score: found.score,
          labelScore: toLabelScore(name, label, criteria),
        });
      }
    });
  }
  return { readings, unmatched };
}

/**
 * Checks labels against the judge's criteria, before anything is paid for.
 *
 * @throws {InputError} naming each label of an unknown criterion or off the criterion's scale.
 */
export function assertLabelsFit(labelled: readonly LabelledAnswer[], criteria: readonly Criterion[]): void {
  const problems = labelled.flatMap(({ task, labels }) =>
    labels.flatMap((record) =>
      Object.entries(record).flatMap(([name, label]) => {
        const problem = labelProblem(name, label, criteria);
        return problem === null ? [] : [{ message: `labelled answer to task "${task.id}": ${problem}` }];
      }),
    ),
  );
  if (problems.length > 0) throw new InputError(problems);
}

function labelProblem(name: string, label: number, criteria: readonly Criterion[]): string | null {
  if (criteria.length === 0) {
    if (name !== WHOLE) return `expected ${WHOLE}, since the judge has no criteria, got "${name}"`;
    return label >= 0 && label <= 1 ? null : `${WHOLE} goes from 0 to 1, got ${label}`;
  }
  const criterion = criteria.find((one) => one.name === name);
  if (!criterion) {
    return `expected a criterion of the judge (${criteria.map((one) => one.name).join(', ')}), got "${name}"`;
  }
  if (criterion.scale === 'boolean') {
    return label === 0 || label === 1 ? null : `${name} is true or false, got ${label}`;
  }
  const { min, max } = scaleRange(criterion);
  return label >= min && label <= max ? null : `${name} goes from ${min} to ${max}, got ${label}`;
}
