import type { CaseKind, RegressionCase } from '@touchstone/core';

import { holds } from './case-result.js';

/** What can be said of a suite itself, whatever a judge says of its cases. */
export interface SuiteHealth {
  cases: number;
  tasks: number;
  critical: number;
  kinds: Partial<Record<CaseKind, number>>;
  /** Cases, by name, that ask about the same answers as an earlier one: they count twice. */
  duplicates: [name: string, earlier: string][];
  /** Cases, by name, that no judge can hold beside an earlier one about the same answers. */
  contradictions: [name: string, earlier: string][];
  /** Cases that do not say why. */
  withoutWhy: number;
  /** Of the judges that give every answer one and the same score, the one that holds most cases. */
  constant: { score: number; held: number };
}

/** Examines the cases of a suite; there must be one at least. */
export function healthOf(cases: readonly RegressionCase[]): SuiteHealth {
  const names = caseNames(cases);
  const placesOf = new Map<string, number[]>();
  const duplicates: [string, string][] = [];
  const contradictions: [string, string][] = [];
  cases.forEach((one, i) => {
    const key = contentOf(one);
    const earlier = placesOf.get(key);
    if (!earlier) return void placesOf.set(key, [i]);
    duplicates.push([names[i]!, names[earlier[0]!]!]);
    const contrary = earlier.find((place) => contradict(one, cases[place]!));
    if (contrary !== undefined) contradictions.push([names[i]!, names[contrary]!]);
    earlier.push(i);
  });
  const kinds: Partial<Record<CaseKind, number>> = {};
  for (const { kind } of cases) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return {
    cases: cases.length,
    tasks: new Set(cases.map(({ task }) => task.id)).size,
    critical: cases.filter(({ critical }) => critical).length,
    kinds,
    duplicates,
    contradictions,
    withoutWhy: cases.filter(({ why }) => why === undefined).length,
    constant: bestConstant(cases),
  };
}

/** What each case is called: its task and kind, numbered where several share them. The same from run to run. */
export function caseNames(cases: readonly RegressionCase[]): string[] {
  const seen = new Map<string, number>();
  return cases.map(({ task, kind }) => {
    const name = `${task.id} ${kind}`;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return nth === 1 ? name : `${name} #${nth}`;
  });
}

/** What a case asks the judge, whatever it expects: an order the other way round is about the same answers. */
function contentOf({ task: { messages, reference, metadata }, responses }: RegressionCase): string {
  return JSON.stringify([messages, reference, metadata, responses.toSorted()]);
}

/** Of two cases about the same answers. Where two scores may differ a little, one of them may be above the other. */
function contradict(a: RegressionCase, b: RegressionCase): boolean {
  if (a.kind === 'order' && b.kind === 'order') return a.responses[0] !== b.responses[0];
  if (a.kind === 'order' || b.kind === 'order') return (a.tolerance ?? b.tolerance) === 0;
  if (a.kind === 'invariance') return false;
  return (a.min ?? 0) > (b.max ?? 1) || (b.min ?? 0) > (a.max ?? 1);
}

function bestConstant(cases: readonly RegressionCase[]): SuiteHealth['constant'] {
  const scores = new Set([1, 0, ...cases.flatMap(({ min, max }) => [min ?? 1, max ?? 0])]);
  const held = [...scores].map((score) => ({
    score,
    held: cases.filter((one) => holds(one, [score, score])).length,
  }));
  return held.reduce((best, one) => (one.held > best.held ? one : best));
}
