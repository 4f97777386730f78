import type { AlignmentCell, AlignmentSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { count, decimal, interval, NO_DATA } from '../format.js';
import { Section, Table } from './parts.js';

interface Props {
  summary: AlignmentSummary;
}

const HEATS = 5;

/** Class of a cell by its correlation: green above 0, red below, the paler the nearer. */
function heatOf({ partial }: AlignmentCell): string {
  if (!partial) return 'heat-none';
  const level = Math.min(HEATS, Math.round(Math.abs(partial.mean) * 2 * HEATS));
  return `heat-${level} ${partial.mean >= 0 ? 'heat-good' : ''}`;
}

const nameOf = ({ name, redundant_with: others }: AlignmentCell): string =>
  name === 'redundant' ? `redundant with ${others.join(', ')}` : name;

/** Criteria by metrics: the correlation that names are made of, in a colour and in figures, and the name. */
export function AlignmentMap({ summary: { criteria, metrics, cells } }: Props): VNode {
  const caption =
    'What each criterion is to each metric, by its correlation with the length of the answer and the metric’s fields held constant. The intervals hold all at once';
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="heatmap">
        <caption>
          <span>{caption}</span>
        </caption>
        <thead>
          <tr>
            <th scope="col">Criterion</th>
            {metrics.map(({ metric, direction, owner, lag }) => (
              <th scope="col">
                {metric}{' '}
                <span class="about">
                  {[
                    `${direction} is better`,
                    ...(owner === null ? [] : [owner]),
                    ...(lag === null ? [] : [lag]),
                  ].join(', ')}
                </span>
              </th>
            ))}
            <th scope="col">Over all</th>
          </tr>
        </thead>
        <tbody>
          {criteria.map(({ criterion, name }) => (
            <tr>
              <th scope="row">{criterion}</th>
              {metrics.map(({ metric }) => {
                const cell = cells.find((one) => one.criterion === criterion && one.metric === metric);
                return cell ? (
                  <td class={`heat ${heatOf(cell)}`}>
                    <strong>{nameOf(cell)}</strong> <span>{interval(cell.partial)}</span>
                  </td>
                ) : (
                  <td class="heat heat-none">not held against it</td>
                );
              })}
              <td>{name}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Every cell with what else is known of it. */
export function Cells({ summary: { cells } }: Props): VNode {
  return (
    <Table
      caption="Each criterion and metric"
      head={[
        'Criterion and metric',
        'Is',
        'Length and fields held',
        'By itself',
        'Without noise',
        'Area under curve',
        'Answers',
        'Tasks',
        'Answers it takes',
      ]}
      rows={cells.map((cell) => [
        <>
          {cell.criterion}, {cell.metric}
          {[...cell.notes, ...segmentTexts(cell)].map((note) => (
            <span class="about note">{note}</span>
          ))}
        </>,
        nameOf(cell),
        interval(cell.partial),
        interval(cell.spearman),
        cell.disattenuated
          ? `${cell.disattenuated.capped ? 'over ' : ''}${interval(cell.disattenuated)}`
          : NO_DATA,
        cell.area_under_curve ? interval(cell.area_under_curve) : '–',
        count(cell.answers),
        count(cell.tasks),
        cell.answers_needed
          ? `${count(cell.answers_needed.useful)} if useful, ${count(cell.answers_needed.useless)} if not`
          : '–',
      ])}
    />
  );
}

const segmentTexts = ({ segments }: AlignmentCell): string[] =>
  segments.map(({ field, value, spearman }) => `${field} ${value}: ${interval(spearman)}`);

/** From which score of the judge on enough answers succeed; nothing where no metric says what a success is. */
export function Cutoffs({ summary: { metrics } }: Props): VNode | null {
  const rows = metrics.flatMap(({ metric, cutoff }) =>
    cutoff
      ? [
          [
            metric,
            decimal(cutoff.target),
            cutoff.score === null ? 'none is shown to do' : decimal(cutoff.score),
            interval(cutoff.precision),
            interval(cutoff.sensitivity),
            interval(cutoff.base_rate),
          ],
        ]
      : [],
  );
  if (rows.length === 0) return null;
  return (
    <Section id="cutoffs" title="From which score on">
      <Table
        caption="The lowest score of the judge at which enough of the answers that pass succeed"
        head={['Metric', 'Asked', 'Score', 'Of those that pass', 'Of the successes, pass', 'Of all']}
        rows={rows}
      />
    </Section>
  );
}

/** Means by variant, and whether criteria and metrics move alike between them; nothing where answers have no variants. */
export function Variants({ summary: { variants, criteria, metrics, cells } }: Props): VNode | null {
  if (variants.length === 0) return null;
  const moved = cells.filter((cell) => cell.variants !== null);
  const own = <T,>(record: Record<string, T>, key: string): T | null =>
    Object.hasOwn(record, key) ? record[key]! : null;
  return (
    <Section id="variants" title="Between variants">
      <Table
        caption="Means by variant"
        head={[
          'Variant',
          'Answers',
          ...criteria.map(({ criterion }) => criterion),
          ...metrics.map(({ metric }) => metric),
        ]}
        rows={variants.map((variant) => [
          variant.variant,
          count(variant.answers),
          ...criteria.map(({ criterion }) => interval(own(variant.criteria, criterion))),
          ...metrics.map(({ metric }) => interval(own(variant.metrics, metric))),
        ])}
      />
      {moved.length > 0 && (
        <Table
          caption="Whether criterion and metric move alike from variant to variant"
          head={['Criterion and metric', 'Variants', 'Pairs that move alike', 'Kendall’s τ', 'Drawn again']}
          rows={moved.map(({ criterion, metric, variants: level }) => [
            `${criterion}, ${metric}`,
            count(level!.variants),
            interval(level!.agreement),
            interval(level!.tau),
            level!.over,
          ])}
        />
      )}
    </Section>
  );
}
