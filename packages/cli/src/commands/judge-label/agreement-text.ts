import type { LabelsSummary } from '@touchstone/run';
import { renderTable } from '../../terminal/table.js';
import { figure } from '../../terminal/text.js';

/** Whoever has labelled fewer answers is not shown how far the judge agrees: the rest should be labelled without knowing. */
const LEAST_LABELLED = 20;

/**
 * What labels come to, for people.
 *
 * @param rater who has just labelled; undefined for whoever only asks.
 */
export function agreementText(
  { file, answers, labelled, raters, people, judge, warnings }: LabelsSummary,
  rater: string | undefined,
): string {
  const own = raters.find(({ name }) => name === rater)?.labelled ?? 0;
  const isHidden = rater !== undefined && own < Math.min(LEAST_LABELLED, answers);
  const shown = [...people, ...(isHidden ? [] : judge)];
  const right = { align: 'right' as const };
  const table = renderTable(
    [
      { title: 'between' },
      { title: 'answers', ...right },
      { title: 'agreement beyond chance (κ), 95 % interval' },
    ],
    shown.map(({ between: [a, b], answers: n, kappa }) => [
      `${a} and ${b}`,
      String(n),
      kappa ? `${figure(kappa)}, ${kappa.n} tasks` : 'not known: too few, or all labels alike',
    ]),
  );
  const lines = [
    ...raters.map(({ name, labelled: n }) => `${name} has labelled ${n} of ${answers} answers.`),
    `${labelled} of ${answers} answers have a label.`,
    ...(shown.length > 0 ? ['', table.trimEnd(), ''] : []),
    ...(isHidden && judge.length > 0
      ? [`How far the judge agrees is shown from ${Math.min(LEAST_LABELLED, answers)} labelled answers on.`]
      : []),
    ...(!isHidden && judge.length === 0 && labelled > 0
      ? ['No verdict of a judge is known of these answers: "touchstone judge" compares.']
      : []),
    ...warnings.map((warning) => `Warning: ${warning}.`),
    ...(labelled > 0 ? [`For touchstone.yaml: data: { labelled: ${file} }`] : []),
  ];
  return `${lines.join('\n')}\n`;
}
