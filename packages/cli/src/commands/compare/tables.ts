import {
  metricNamed,
  type EvaluatedModel,
  type EvaluatedPair,
  type EvaluationSummary,
} from '@touchstone/spec';
import { renderTable } from '../../terminal/table.js';
import { difference, figure, oneLine } from '../../terminal/text.js';

/** An evaluation for people: its tables, and what may be concluded. */
export async function evaluationTables(summary: EvaluationSummary): Promise<string> {
  const { evaluationVerdict } = await import('@touchstone/studio');
  const { words, sentences } = evaluationVerdict(summary);
  return [
    '',
    ...mainMetric(summary),
    modelTable(summary),
    ...(summary.baseline === null ? [] : [pairTable(summary, summary.baseline)]),
    ...(summary.duels.length === 0 ? [] : [duelTable(summary)]),
    ...passTable(summary),
    ...sliceTable(summary),
    'Every figure: mean [95 % interval]. Of a difference it is the one that holds at once for all pairs of models.',
    ...summary.remarks.map(oneLine),
    '',
    `${words}.`,
    ...sentences.map(oneLine),
    '',
  ].join('\n');
}

/** Which of several metrics decides. */
const mainMetric = ({ metrics, main_metric: main }: EvaluationSummary): string[] =>
  main === null || metrics.length < 2
    ? []
    : [
        `The verdict is by ${label(main)}; "touchstone compare --metric NAME" goes by another of ${metrics.join(', ')}.\n`,
      ];

const label = (metric: string): string => {
  const { headline, label: long } = metricNamed('model', metric);
  return headline ?? long;
};

/** Under a name that a file may have given to a model. */
const held = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

function modelTable(summary: EvaluationSummary): string {
  const { metrics, model_order: names } = summary;
  const models = names.map((name): [string, EvaluatedModel] => [name, held(summary.models, name)!]);
  const hasTokens = models.some(([, { tokens }]) => tokens !== null);
  return renderTable(
    [
      { title: 'model' },
      ...metrics.map((metric) => ({ title: label(metric) })),
      ...(hasTokens ? [{ title: 'tokens', align: 'right' as const }] : []),
      { title: 'answers', align: 'right' },
      { title: 'tasks', align: 'right' },
    ],
    models.map(([name, model]) => [
      name,
      ...metrics.map((metric) => {
        const own = held(model.metrics, metric) ?? null;
        // Of fewer than the tasks at the end of the row.
        const few = own && model.trainings === 1 && own.n < model.clusters ? ` of ${own.n}` : '';
        return `${figure(own)}${few}`;
      }),
      ...(hasTokens ? [model.tokens ? model.tokens.mean.toFixed(1) : ''] : []),
      String(model.answers),
      String(model.tasks),
    ]),
  );
}

/** Differences from the baseline by every metric. */
function pairTable({ pairs, metrics, model_order: names }: EvaluationSummary, baseline: string): string {
  const of = (model: string, metric: string): EvaluatedPair =>
    pairs.find((pair) => pair.metric === metric && pair.model === model && pair.baseline === baseline)!;
  return renderTable(
    [{ title: `less ${baseline}` }, ...metrics.map((metric) => ({ title: label(metric) }))],
    names
      .filter((name) => name !== baseline)
      .map((name) => [
        name,
        ...metrics.map((metric) => {
          const { difference: own, corrected, shown } = of(name, metric);
          if (!own || !corrected) return 'insufficient data';
          return `${difference({ ...own, ...corrected })}${shown === 'undecided' ? '' : ` ${shown}`}`;
        }),
      ]),
  );
}

/** pass^k where a task has several answers: with one it is the mean. */
function passTable({ models, model_order: names, main_metric: main }: EvaluationSummary): string[] {
  const of = (name: string): EvaluatedModel['pass'] =>
    held(models, name)!.pass.filter(({ metric }) => metric === main);
  const all = names.flatMap(of);
  const ks = [...new Set(all.map(({ k }) => k))].sort((a, b) => a - b);
  if (main === null || ks.length < 2) return [];
  return [
    renderTable(
      [
        { title: `passes by ${label(main)}, from ${all[0]!.threshold}` },
        ...ks.map((k) => ({ title: `all of ${k}` })),
      ],
      names.map((name) => [
        name,
        ...ks.map((k) => figure(of(name).find((one) => one.k === k)?.estimate ?? null)),
      ]),
    ),
  ];
}

/** The main metric by the fields of the tasks. */
function sliceTable({ models, model_order: names, main_metric: main }: EvaluationSummary): string[] {
  const cuts = new Map(
    names.flatMap((name) =>
      held(models, name)!.slices.map(({ field, value }) => [
        JSON.stringify([field, value]),
        { field, value },
      ]),
    ),
  );
  if (main === null || cuts.size === 0) return [];
  return [
    renderTable(
      [{ title: `${label(main)} where` }, ...names.map((title) => ({ title }))],
      [...cuts.values()].map(({ field, value }) => [
        `${field} is ${value}`,
        ...names.map((name) => {
          const slice = held(models, name)!.slices.find((one) => one.field === field && one.value === value);
          return figure((slice && held(slice.metrics, main)) ?? null);
        }),
      ]),
    ),
  ];
}

function duelTable({ duels }: EvaluationSummary): string {
  return renderTable(
    [
      { title: 'preferred' },
      { title: 'win rate' },
      { title: 'won', align: 'right' },
      { title: 'tied', align: 'right' },
      { title: 'lost', align: 'right' },
      { title: 'inconsistent', align: 'right' },
      { title: 'no verdict', align: 'right' },
    ],
    duels.map((duel) => [
      `${duel.model} over ${duel.baseline}`,
      figure(duel.win_rate && duel.corrected && { ...duel.win_rate, ...duel.corrected }),
      ...[duel.wins, duel.ties, duel.losses, duel.inconsistent, duel.silent].map(String),
    ]),
  );
}
