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
    modelTable(summary),
    ...(summary.baseline === null ? [] : [pairTable(summary, summary.baseline)]),
    ...(summary.duels.length === 0 ? [] : [duelTable(summary)]),
    'Every figure: mean [95 % interval]. Of a difference it is the one that holds at once for all pairs of models.',
    ...summary.remarks.map(oneLine),
    '',
    `${words}.`,
    ...sentences.map(oneLine),
    '',
  ].join('\n');
}

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
      ...metrics.map((metric) => figure(held(model.metrics, metric) ?? null)),
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
