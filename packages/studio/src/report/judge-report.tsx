import type { JudgeSummary } from '@touchstone/spec';
import { count } from './format.js';
import { renderPage } from './page.js';
import { Gate } from './sections/gate.js';
import { familiesOf, familyId, Judge } from './sections/judge/judge.js';
import { Facts, Section } from './sections/parts.js';

/** What the page of a judge says, beside what was found out about it. */
export interface JudgeReport {
  name: string;
  judge: JudgeSummary;
  /** What somebody should look at. */
  warnings: readonly string[];
  seed: number;
  /** ISO 8601. */
  created: string;
  versions: Readonly<Record<string, string>>;
  /** The files that it was examined on. */
  data: Readonly<Record<string, { sha256: string; lines: number }>>;
  /** Of the labelled tasks: `dev` are those to write the judge with, which prove nothing. */
  part: 'test' | 'dev';
  /** Judges that have been examined on these answers, with this one. */
  looks: number;
}

/** The report of an examination as one HTML page that opens from disk without a network. Every text is escaped. */
export function renderJudgeReport({ name, judge, warnings, ...from }: JudgeReport): string {
  return renderPage(
    `${name} – Touchstone judge report`,
    <>
      <header>
        <p class="kicker">Touchstone judge report</p>
        <h1>{name}</h1>
        <Gate judge={judge} />
        {from.part === 'dev' && (
          <p class="note">
            On the answers to write the judge with: what it gets right here shows nothing of others.
          </p>
        )}
        {warnings.map((text) => (
          <p class="note">{text}</p>
        ))}
        <p class="muted">
          Made {from.created}, seed {from.seed}. Brackets hold the interval of each estimate; n is the number
          of tasks unless said otherwise.
        </p>
      </header>
      <nav aria-label="Contents">
        {familiesOf(judge).map(({ title }, place) => (
          <a href={`#${familyId(place)}`}>{title}</a>
        ))}
        <a href="#provenance">Where the figures come from</a>
      </nav>
      <Judge judge={judge} />
      <Section id="provenance" title="Where the figures come from">
        <Facts
          rows={[
            ['Seed', String(from.seed)],
            ...(from.part === 'dev'
              ? []
              : [['Judges and seeds examined on these answers', count(from.looks)] as const]),
            ...Object.entries(from.data).map(
              ([file, { sha256, lines }]) =>
                [
                  file,
                  <>
                    {count(lines)} lines, SHA-256 <code>{sha256}</code>
                  </>,
                ] as const,
            ),
            ...Object.entries(from.versions),
          ]}
        />
        <p>
          <code>touchstone judge</code> with the same configuration and files writes this page again. Every
          reply of the judge is in <code>run.db</code> beside it, every figure in{' '}
          <code>certificate.json</code>.
        </p>
      </Section>
    </>,
  );
}
