import { inRegistryOrder, type JudgeFinding, type JudgeSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { MARKS_LEGEND } from '../../charts/rows.js';
import { count, dollars, interval, NO_DATA, plural } from '../../format.js';
import { entry } from '../../names.js';
import { Facts, metricTitle, Section } from '../parts.js';
import { Exhibits } from './exhibits.js';
import { FamilyFigures } from './figures.js';
import { FindingTables } from './finding-table.js';

/** A question about the judge with what answers it. */
interface Family {
  name: string;
  title: string;
  findings: JudgeFinding[];
}

/** The questions that something was found out about, in the order of reports; findings of older files are of none. */
export function familiesOf({ families, findings }: JudgeSummary): Family[] {
  const known = new Set(families.map(({ name }) => name));
  const others = [...new Set(findings.map(({ family }) => family))].filter((name) => !known.has(name));
  return [...families, ...others.map((name) => ({ name, title: name || 'Findings about the judge' }))]
    .map((family) => ({ ...family, findings: findings.filter((one) => one.family === family.name) }))
    .filter((family) => family.findings.length > 0);
}

/** What links lead to: names of families come from files. */
export const familyId = (place: number): string => `judge-${place + 1}`;

function FamilyPart({ family, id, judge }: { family: Family; id: string; judge: JudgeSummary }): VNode {
  const { name, title, findings } = family;
  const isMeasured = findings.some(({ estimate, threshold }) => estimate !== null || threshold !== null);
  const why = [...new Set(findings.flatMap(({ note }) => note ?? []))].join('; ');
  return (
    <section class="family" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {isMeasured ? (
        <>
          <FamilyFigures family={name} judge={judge} />
          <FindingTables findings={findings} />
        </>
      ) : (
        <p class="muted">Not measured{why === '' ? `: ${NO_DATA}` : `: ${why}`}.</p>
      )}
      <Exhibits exhibits={(judge.details?.exhibits ?? []).filter(({ family: of }) => of === name)} />
    </section>
  );
}

const costText = ({
  calls,
  saved,
  input_tokens: read,
  output_tokens: written,
  money,
}: NonNullable<JudgeSummary['heldout_cost']>): string =>
  `${plural(calls, 'call')}, ${count(saved)} answered by the cache, ${count(read)} tokens read, ${count(written)} written, ${dollars(money)}`;

/** Whether the judge can be trusted, question by question, and what it cost. */
export function Judge({ judge }: { judge: JudgeSummary }): VNode {
  const reasons = Object.entries(judge.abstentions).map(([reason, n]) => `${reason} ${count(n)}`);
  const abstained = judge.abstained === 0 ? 'none' : plural(judge.abstained, 'abstention');
  return (
    <Section id="judge" title="Is the judge fit?">
      {judge.findings.length === 0 ? (
        <p>Findings about the judge: {NO_DATA}.</p>
      ) : (
        <p class="muted">
          {MARKS_LEGEND}
          {judge.details === null &&
            ' This file is of a version that kept neither curves nor replies of the judge.'}
        </p>
      )}
      {familiesOf(judge).map((family, place) => (
        <FamilyPart family={family} id={familyId(place)} judge={judge} />
      ))}
      <h3>The judge and what it cost</h3>
      <Facts
        rows={[
          ['Judge', judge.id],
          ['Fingerprint', <code>{judge.fingerprint}</code>],
          ['Held-out judge', judge.heldout_id ?? 'none'],
          ['Its fingerprint', judge.heldout_fingerprint ? <code>{judge.heldout_fingerprint}</code> : 'none'],
          ['Certificate', judge.certificate === null ? 'none' : <code>{judge.certificate}</code>],
          ...inRegistryOrder('judge', Object.keys(judge.metrics)).map((metric) => {
            const estimate = entry(judge.metrics, metric.name);
            const figure = estimate ? `${interval(estimate)}, n = ${count(estimate.n)}` : NO_DATA;
            return [metricTitle(metric), figure] as const;
          }),
          ['Calls', count(judge.calls)],
          ['Answered by the cache', count(judge.saved)],
          ['Abstentions', reasons.length > 0 ? `${abstained}: ${reasons.join(', ')}` : abstained],
          ['Tokens', `${count(judge.input_tokens)} read, ${count(judge.output_tokens)} written`],
          ['Money', dollars(judge.money)],
          ...(judge.heldout_cost ? [['The held-out judge', costText(judge.heldout_cost)] as const] : []),
        ]}
      />
    </Section>
  );
}
