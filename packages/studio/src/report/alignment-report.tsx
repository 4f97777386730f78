import type { AlignmentSummary } from '@touchstone/spec';
import { count, plural } from './format.js';
import { renderPage } from './page.js';
import { AlignmentMap, Cells, Cutoffs, Variants } from './sections/alignment.js';
import { Facts, Section } from './sections/parts.js';

/** How far a judge's criteria go with metrics of production, as one HTML page that opens from disk without a network. Every text is escaped. */
export function renderAlignmentReport(summary: AlignmentSummary): string {
  const { name, judge, answers_needed: needed, answers_needed_range: range, warnings } = summary;
  return renderPage(
    `${name} – Touchstone alignment with production`,
    <>
      <header>
        <p class="kicker">Touchstone alignment with production metrics</p>
        <h1>{name}</h1>
        <p>{said(summary)}</p>
        {needed === null || range === null ? null : (
          <p class="note">
            With {count(needed)} answers ({count(range.low)} to {count(range.high)}) that have an outcome,
            what is not known yet would be, in 95 of 100 cases.
          </p>
        )}
        {warnings.map((text) => (
          <p class="note">{text}</p>
        ))}
        <p class="muted">
          Made {summary.created}, seed {summary.seed}. Correlations are Spearman’s, in the direction of the
          metric: above 0, what the judge likes goes with what the product wants. Brackets hold the 95 %
          interval over tasks.
        </p>
      </header>
      <Section id="map" title="Criteria and metrics">
        <AlignmentMap summary={summary} />
      </Section>
      <Section id="figures" title="Every figure">
        <Cells summary={summary} />
      </Section>
      <Cutoffs summary={summary} />
      <Variants summary={summary} />
      <Section id="provenance" title="Where the figures come from">
        <Facts
          rows={[
            ['Judge', judge.id],
            ['Fingerprint', <code>{judge.fingerprint}</code>],
            [
              summary.data.file,
              <>
                SHA-256 <code>{summary.data.sha256}</code>
              </>,
            ],
            ['Answers', `${count(summary.answers)}, of ${plural(summary.tasks, 'task')}`],
            [
              'Without a verdict',
              `${count(summary.abstained)}, and ${count(summary.blank)} with nothing in them`,
            ],
            ...Object.entries(summary.versions),
          ]}
        />
        <p>
          <code>touchstone judge align</code> with the same configuration and files writes this page again.
          Every figure is in <code>alignment.json</code> beside it.
        </p>
      </Section>
    </>,
  );
}

/** How many criteria have which name. */
function said({ criteria }: AlignmentSummary): string {
  const names = [...new Set(criteria.map((one) => one.name))];
  return `${names
    .map((name) => {
      const own = criteria.flatMap((one) => (one.name === name ? [one.criterion] : []));
      return `${name[0]!.toUpperCase()}${name.slice(1)}: ${own.join(', ')}`;
    })
    .join('. ')}.`;
}
