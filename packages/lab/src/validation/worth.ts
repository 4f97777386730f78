import { type Criterion, pointsScore, vetoOf } from '@touchstone/core';

import { meanOf } from '../statistics/values.js';
import type { Evidence } from './evidence.js';
import { groupsOf, type Scored, scoreOf } from './groups.js';
import { type ExaminedAnswer, type JudgedAnswer, labelScore, wasAsked, withoutRounding } from './readings.js';

/** What judge and labels find an answer worth, 0–1, over the same criteria. */
export interface Worth {
  judge: number;
  label: number;
}

/**
 * What judge and labels find each answer worth, in the order of the answers; null where one of them says nothing.
 *
 * Answers to one task are compared with one another, so that what counts is the criteria that all its labelled answers have labels of: a
 * criterion that one of them lacks would raise or lower it against the others. Where that is all criteria, the judge's worth is the score
 * that trains; else the mean over those criteria, with their vetoes, as of labels.
 */
export function worthsOf({ answers, criteria }: Pick<Evidence, 'answers' | 'criteria'>): (Worth | null)[] {
  const shared = sharedCriteria(answers);
  return answers.map((one) => {
    const names = shared.get(one.answer.task.id);
    return names ? worthOver(names, one, one.answer.criteria ?? criteria) : null;
  });
}

/** By task, the criteria that all its labelled answers that the judge gave a score have labels of. */
export function sharedCriteria(answers: readonly JudgedAnswer[]): Map<string, ReadonlySet<string>> {
  const shared = new Map<string, ReadonlySet<string>>();
  for (const { answer, repeats } of answers) {
    if (scoreOf(repeats[0]) === null) continue;
    for (const names of answer.labels.map(Object.keys).filter(({ length }) => length > 0)) {
      const known = shared.get(answer.task.id);
      shared.set(answer.task.id, new Set(known ? names.filter((name) => known.has(name)) : names));
    }
  }
  return shared;
}

/** The answers that judge and labels find worth something, by task; `other` is the labels'. */
export function labelledGroups(evidence: Pick<Evidence, 'answers' | 'criteria'>): Scored[][] {
  const worths = worthsOf(evidence);
  return groupsOf(
    evidence.answers,
    (_, place) => worths[place]?.label ?? null,
    (_, place) => worths[place]?.judge ?? null,
  );
}

/** Whether labels speak of all that the judge's score is made of. */
export function isLabelledWhole(
  { labels, criteria: ofTask }: ExaminedAnswer,
  ofJudge: readonly Criterion[],
): boolean {
  return labels.every((record) => areAll(new Set(Object.keys(record)), ofTask ?? ofJudge));
}

const areAll = (names: ReadonlySet<string>, criteria: readonly Criterion[]): boolean =>
  criteria.every(({ name }) => names.has(name));

function worthOver(
  names: ReadonlySet<string>,
  one: JudgedAnswer,
  criteria: readonly Criterion[],
): Worth | null {
  const whole = scoreOf(one.repeats[0]);
  const labels = one.answer.labels.map((record) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name))),
  );
  const label = labelScore({ ...one.answer, labels }, criteria);
  if (whole === null || label === null) return null;
  const judge =
    areAll(names, criteria) && isLabelledWhole(one.answer, criteria)
      ? whole
      : judgeOver(names, one, criteria);
  return judge === null ? null : { judge, label };
}

/** The judge's mean over some criteria, of the items that have labels; null where its verdicts do not name them. */
function judgeOver(
  names: ReadonlySet<string>,
  { answer: { labels }, repeats }: JudgedAnswer,
  criteria: readonly Criterion[],
): number | null {
  const verdicts = (repeats[0]?.verdicts ?? []).filter(
    ({ item }) => labels.length === 1 || Object.keys(labels[item ?? 0] ?? {}).length > 0,
  );
  const scores = verdicts.flatMap((verdict) => {
    if (!wasAsked(verdict)) return 0;
    if (verdict.status !== 'scored') return [];
    const parts = verdict.criteria.filter(({ criterion }) => names.has(criterion));
    if (vetoOf(criteria, parts) !== undefined) return 0;
    return pointsScore(
      criteria.flatMap((criterion) => {
        const part = parts.find((one) => one.criterion === criterion.name);
        return part ? [{ ...criterion, score: part.score }] : [];
      }),
    );
  });
  const known = scores.filter((score) => score !== null);
  return known.length === 0 || known.length < scores.length ? null : withoutRounding(meanOf(known));
}
