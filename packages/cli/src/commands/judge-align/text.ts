import type { AlignmentCell, AlignmentSummary } from '@touchstone/spec';
import { renderTable } from '../../terminal/table.js';
import { difference, figure, oneLine } from '../../terminal/text.js';

/** How far criteria go with metrics, for people: the map, the judge's cut-offs, variants, and what to look at. */
export function alignmentText(summary: AlignmentSummary): string {
  return [
    '',
    ...summary.warnings.map((warning) => `Look at: ${oneLine(warning)}\n`),
    mapTable(summary),
    'Correlations are in the direction of the metric: above 0, what the judge likes goes with what the product wants.\n',
    ...notes(summary),
    ...cutoffs(summary),
    ...[neededText(summary)].filter((line) => line !== ''),
  ].join('\n');
}

function mapTable({ cells }: AlignmentSummary): string {
  const rows = cells.map((cell) => [
    cell.metric,
    cell.criterion,
    cell.name === 'redundant' ? `redundant with ${cell.redundant_with.join(', ')}` : cell.name,
    difference(cell.partial),
    difference(cell.spearman),
    cell.disattenuated ? `${cell.disattenuated.capped ? '>' : ''}${cell.disattenuated.mean.toFixed(2)}` : '',
    cell.answers.toLocaleString('en'),
    cell.tasks.toLocaleString('en'),
    betweenVariants(cell),
  ]);
  return renderTable(
    [
      { title: 'metric' },
      { title: 'criterion' },
      { title: 'is' },
      { title: 'correlation, length and fields held' },
      { title: 'by itself' },
      { title: 'without noise', align: 'right' },
      { title: 'answers', align: 'right' },
      { title: 'tasks', align: 'right' },
      { title: 'between variants' },
    ],
    rows,
  );
}

function betweenVariants({ variants }: AlignmentCell): string {
  if (!variants) return '';
  const { agreement, tau, variants: n } = variants;
  return `moves alike ${figure(agreement)}${tau ? `, tau ${figure(tau)}` : ''} of ${n}`;
}

const notes = ({ cells }: AlignmentSummary): string[] =>
  cells.flatMap((cell) => cell.notes.map((note) => `${cell.metric}, ${cell.criterion}: ${oneLine(note)}.\n`));

function cutoffs({ metrics }: AlignmentSummary): string[] {
  return metrics.flatMap(({ metric, cutoff }) => {
    if (!cutoff) return [];
    const { target, score, precision, sensitivity, base_rate: base } = cutoff;
    const asked = `at least ${target} of those that pass succeed`;
    return score === null
      ? [`${metric}: no score of the judge is shown from which on ${asked} (${figure(base)} of all do).\n`]
      : [
          `${metric}: from a score of ${score.toFixed(2)} on, ${asked}: ${figure(precision)}, of all ${figure(base)}; ` +
            `so pass ${figure(sensitivity)} of the successes.\n`,
        ];
  });
}

function neededText({
  cells,
  answers_needed: needed,
  answers_needed_range: range,
}: AlignmentSummary): string {
  if (needed === null || range === null) return '';
  const lines = cells.flatMap(({ criterion, metric, answers, answers_needed: one }) =>
    one
      ? [
          `  ${criterion} and ${metric}: ${one.useful.toLocaleString('en')} answers to tell a useful one from none, ` +
            `${one.useless.toLocaleString('en')} to show that it is none (now ${answers.toLocaleString('en')})`,
        ]
      : [],
  );
  return `Not known yet. With ${needed.toLocaleString('en')} answers (${range.low.toLocaleString('en')} to ${range.high.toLocaleString('en')}) that have an outcome it would be, in 95 of 100 cases:\n${lines.join('\n')}\n`;
}
