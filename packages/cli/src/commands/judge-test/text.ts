import {
  caseNames,
  expectationOf,
  isUnsteady,
  sayingOf,
  type CaseResult,
  type SuiteComparison,
  type SuiteHealth,
} from '@touchstone/lab';
import type { JudgeTest } from '@touchstone/run';
import type { JudgeFinding } from '@touchstone/spec';
import { findingsTable } from '../findings-table.js';
import { renderTable } from '../../terminal/table.js';
import { figure, oneLine } from '../../terminal/text.js';

const ORDER: Record<CaseResult['outcome'], number> = { failed: 0, abstained: 1, held: 2 };
/** So many names are listed, and the rest is counted. */
const LISTED = 10;

/** The test of a judge for people: cases, those that failed first, then figures, the suite's health, the other version. */
export function suiteText({ results, findings, health, against }: JudgeTest): string {
  return [
    '',
    casesTable(results),
    findingsTable(findings),
    `${healthLines(health, results).join('\n')}\n`,
    ...(against ? [`${againstLines(against, results).join('\n')}\n`] : []),
  ].join('\n');
}

function casesTable(results: readonly CaseResult[]): string {
  const names = caseNames(results.map((result) => result.case));
  const rows = results
    .map((result, i) => ({ result, name: names[i]! }))
    .sort((a, b) => ORDER[a.result.outcome] - ORDER[b.result.outcome])
    .map(({ result, name }) => [
      name,
      result.outcome,
      result.case.critical === true ? 'critical' : '',
      expectationOf(result.case),
      sayingOf(result),
      result.case.why ?? '',
    ]);
  return renderTable(
    ['case', 'outcome', '', 'expected', 'got', 'why'].map((title) => ({ title })),
    rows,
  );
}

function healthLines(health: SuiteHealth, results: readonly CaseResult[]): string[] {
  const { cases, tasks, critical, kinds, duplicates, contradictions, withoutWhy, constant } = health;
  const unsteady = results.filter(isUnsteady).length;
  const [held, failed, abstained] = (['held', 'failed', 'abstained'] as const).map(
    (outcome) => results.filter((result) => result.outcome === outcome).length,
  );
  const ofKinds = Object.entries(kinds).map(([kind, n]) => `${n} ${kind}`);
  const twins = (pairs: readonly [string, string][]): string =>
    listed(pairs.map(([name, earlier]) => `${name} and ${earlier}`));
  return [
    `${held} of ${cases} cases hold, ${failed} fail, ${abstained} have no verdict.`,
    `The suite: ${cases} cases (${ofKinds.join(', ')}) about ${tasks} tasks; ${critical} critical, ${withoutWhy} without why.`,
    `A judge that gives every answer ${constant.score} would hold ${constant.held} of them.`,
    ...(unsteady > 0 ? [`${unsteady} cases hold in some repeats only.`] : []),
    ...(duplicates.length > 0 ? [`About the same answers: ${twins(duplicates)}`] : []),
    ...(contradictions.length > 0 ? [`No judge can hold both: ${twins(contradictions)}`] : []),
  ];
}

function againstLines(
  { judge, comparison, warning }: NonNullable<JudgeTest['against']>,
  results: readonly CaseResult[],
): string[] {
  if (!comparison) return [`The other version is the same judge (${judge.fingerprint}): nothing to compare.`];
  const { cases, tasks, lost, gained, p, difference, margin, kinds, flipped, heldByBoth } = comparison;
  const names = caseNames(results.map((result) => result.case));
  const flips = flipped.map((place) => `${names[place]} (now ${results[place]!.outcome})`);
  return [
    ...(warning === null ? [] : [`Warning: ${oneLine(warning)}. It counts as one that holds none of them.`]),
    `Against ${judge.id} (${judge.fingerprint}): ${VERDICTS[comparison.verdict]}`,
    `  ${lost} of ${cases} cases lost, ${gained} gained; exact McNemar p = ${p.toFixed(4)}${tasks < cases ? `, over ${tasks} tasks` : ''}.`,
    `  Difference of the shares held: ${figure(difference)}; the lower end must be above ${-margin}.`,
    ...kinds
      .filter((kind) => kind.lost + kind.gained > 0)
      .map(
        (kind) =>
          `  ${kind.kind}: ${kind.lost} of ${kind.cases} lost, ${kind.gained} gained, p = ${kind.p.toFixed(4)} (Holm).`,
      ),
    ...(flips.length > 0 ? [`  Flipped: ${listed(flips)}`] : []),
    `  ${heldByBoth.length} cases are held by both and tell them apart no more.`,
  ];
}

const VERDICTS: Record<SuiteComparison['verdict'], string> = {
  'not-worse': 'as good, within the margin.',
  worse: 'worse.',
  'not-shown': 'not shown to be as good; too few cases, or too many that flipped.',
};

/** Why the judge does not pass; empty: it does. */
export function whyNot({ results, findings, abstentionLimit, against }: JudgeTest): string[] {
  const names = caseNames(results.map((result) => result.case));
  const critical = names.filter(
    (_, i) => results[i]!.case.critical === true && results[i]!.outcome !== 'held',
  );
  const missed = findings.filter(({ threshold, outcome }) => threshold && outcome !== 'pass');
  const abstained = results.filter(({ outcome }) => outcome === 'abstained').length;
  const verdict = against?.comparison?.verdict ?? 'not-worse';
  return [
    ...(critical.length > 0 ? [`critical cases that do not hold: ${listed(critical)}`] : []),
    ...missed.map(missing),
    ...(abstained > abstentionLimit * results.length
      ? [
          `${abstained} of ${results.length} cases have no verdict; reward.abstention.limit is ${abstentionLimit}`,
        ]
      : []),
    ...(verdict === 'not-worse' ? [] : [`against the other version: ${VERDICTS[verdict]}`]),
  ];
}

function missing({ name, estimate, threshold, outcome, note }: JudgeFinding): string {
  const asked = threshold ? `${threshold.bound} ${threshold.value}` : '';
  return `${name}: ${figure(estimate)}, expected ${asked}: ${outcome}${note === null ? '' : ` (${note})`}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return [...names.slice(0, LISTED), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}
