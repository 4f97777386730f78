import type { Estimate } from '@touchstone/spec';
import { CASE_KINDS, type CaseKind } from '@touchstone/core';

import { holm, mcnemar } from '../statistics/hypothesis-tests.js';
import { pairedShareDifference } from '../statistics/paired-shares.js';
import { groupBy, sumOf } from '../statistics/values.js';
import type { CaseResult } from './case-result.js';

/** What two versions of a judge make of the same cases. */
export interface SuiteComparison {
  /** `worse`: that is shown. `not-shown`: neither that nor that it is as good, which is no reason to use it. */
  verdict: 'not-worse' | 'worse' | 'not-shown';
  cases: number;
  tasks: number;
  /** Cases that only the old version holds, that only the new one holds. */
  lost: number;
  gained: number;
  /** Exact McNemar, two-sided; over tasks, where cases share them. */
  p: number;
  /** Share of cases that the new version holds less the share that the old one does. */
  difference: Estimate | null;
  /** How much of that share may be lost: the lower end of the interval must be above −margin. */
  margin: number;
  /** The same test for each kind by itself, its p value adjusted for their number (Holm). */
  kinds: { kind: CaseKind; cases: number; lost: number; gained: number; p: number }[];
  /** Places of the cases that only one of them holds: those that were lost first. */
  flipped: number[];
  /** Places of the cases that both hold: they tell the versions apart no more. */
  heldByBoth: number[];
}

/** A difference this unlikely by chance is one. */
const LEVEL = 0.05;

/** One case under both versions: 1 where only the new one holds it, −1 where only the old one does. */
interface Change {
  task: string;
  kind: CaseKind;
  change: -1 | 0 | 1;
}

/**
 * Is the new version at least as good as the old one? What it abstains on it does not hold. Cases about one task are not
 * independent, so the interval draws tasks, and where tasks have several cases the test counts tasks that got better and
 * tasks that got worse.
 *
 * @param now what the new version makes of the cases, `before` what the old one makes of the same, in the same order.
 * @param margin share of the cases, 0–1, that may be lost.
 * @throws {RangeError} the cases are not the same.
 */
export function compareSuites(
  now: readonly CaseResult[],
  before: readonly CaseResult[],
  margin: number,
): SuiteComparison {
  const changes = changesOf(now, before);
  const count = (of: readonly Change[], change: Change['change']): number =>
    of.filter((one) => one.change === change).length;
  const kinds = CASE_KINDS.map((kind) => ({ kind, of: changes.filter((one) => one.kind === kind) })).filter(
    ({ of }) => of.length > 0,
  );
  const ofKinds = kinds.map(({ of }) => testTasks(of));
  const adjusted = holm(ofKinds.map(({ p }) => p));
  const all = testTasks(changes);
  const difference = pairedShareDifference(
    changes.map(({ change }) => change),
    changes.map(({ task }) => task),
  );
  const isWorse =
    (all.p < LEVEL && all.isLoss) || ofKinds.some(({ isLoss }, i) => isLoss && adjusted[i]! < LEVEL);
  const places = changes.map((_, place) => place);
  return {
    verdict: isWorse ? 'worse' : difference !== null && difference.low > -margin ? 'not-worse' : 'not-shown',
    cases: changes.length,
    tasks: new Set(changes.map(({ task }) => task)).size,
    lost: count(changes, -1),
    gained: count(changes, 1),
    p: all.p,
    difference,
    margin,
    kinds: kinds.map(({ kind, of }, i) => ({
      kind,
      cases: of.length,
      lost: count(of, -1),
      gained: count(of, 1),
      p: adjusted[i]!,
    })),
    flipped: [-1, 1].flatMap((change) => places.filter((place) => changes[place]!.change === change)),
    heldByBoth: places.filter((place) => isHeld(now[place]!) && isHeld(before[place]!)),
  };
}

const isHeld = ({ outcome }: CaseResult): boolean => outcome === 'held';

function changesOf(now: readonly CaseResult[], before: readonly CaseResult[]): Change[] {
  if (now.length !== before.length) {
    throw new RangeError(`expected the same cases, got ${now.length} and ${before.length}`);
  }
  return now.map((result, i) => ({
    task: result.case.task.id,
    kind: result.case.kind,
    change: (Number(isHeld(result)) - Number(isHeld(before[i]!))) as Change['change'],
  }));
}

/** Of the tasks that changed on the whole, are as many better as worse? With a case a task it is McNemar's of the cases. */
function testTasks(changes: readonly Change[]): { p: number; isLoss: boolean } {
  const nets = groupBy(
    changes.map(({ change }) => change),
    changes.map(({ task }) => task),
  ).map(sumOf);
  const found = mcnemar(nets.map((net) => [net < 0, net > 0]));
  return found ? { p: found.p, isLoss: found.lost > found.gained } : { p: 1, isLoss: false };
}
