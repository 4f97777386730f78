import {
  metricNamed,
  type EvaluatedModel,
  type EvaluatedPair,
  type EvaluationSummary,
  type LengthNote,
} from '@touchstone/spec';
import { difference, interval, plural } from '../format.js';
import { entry } from '../names.js';
import type { Outcome } from '../verdict.js';

/** What an evaluation may be called, and the sentences that support it. */
export interface EvaluationVerdict {
  outcome: Outcome;
  words: string;
  sentences: string[];
}

/** Regressions that the verdict names. */
const MOST_WORSE = 5;

type Judged = EvaluationSummary['judge_swap'][number]['judges'][number];

/** `tuned − base`, by the names that the user gave. */
export const pairText = ({ model, baseline }: { model: string; baseline: string }): string =>
  `${model} − ${baseline}`;

/** A model of `model_order`. */
export const modelOf = ({ models }: EvaluationSummary, name: string): EvaluatedModel => entry(models, name)!;

export const metricLabel = (name: string): string => metricNamed('model', name).label;

/** Within a sentence. */
const metricWord = (name: string): string => {
  const { headline, label } = metricNamed('model', name);
  return headline ?? label;
};

/** A difference with the ends that hold at once for all pairs. */
export function correctedText({
  difference: own,
  corrected,
}: Pick<EvaluatedPair, 'difference' | 'corrected'>): string {
  return difference(own && corrected && { ...own, ...corrected });
}

/** Why there is no figure at equal length; null where there is one. */
export function lengthText(note: LengthNote): string | null {
  switch (note) {
    case null:
      return null;
    case 'equal':
      return 'lengths are equal';
    case 'unknown':
      return 'lengths are not known';
    case 'never-equal':
      return 'one is always longer';
    case 'trainings':
      return 'several trainings';
    case 'few':
      return 'too little data';
  }
}

/**
 * The verdict on an evaluation by its main metric: which models are shown to be better than the baseline, which checkpoint to keep, whether other
 * judges say the same, and where a model is worse.
 */
export function evaluationVerdict(summary: EvaluationSummary): EvaluationVerdict {
  const { baseline, main_metric: main } = summary;
  if (baseline === null || main === null) {
    return {
      outcome: 'no-data',
      words: 'No comparison',
      sentences: [
        main === null
          ? 'No answer has a score.'
          : `There is one model: its ${metricWord(main)} is ${interval(entry(modelOf(summary, summary.model_order[0]!).metrics, main))}.`,
      ],
    };
  }
  const pairs = summary.pairs.filter(({ metric }) => metric === main);
  const own = pairs.filter((pair) => pair.baseline === baseline);
  const outcome = outcomeOf(summary, own);
  const count = pairs.filter(({ difference: d }) => d !== null).length;
  return {
    outcome,
    words: WORDS[outcome],
    sentences: [
      againstBaseline(own, baseline, main, count),
      ...(summary.order.length > 1
        ? checkpointSentences(summary, main)
        : highestSentence(summary, pairs, main)),
      ...generalisation(summary),
      ...worseSentence(summary),
    ],
  };
}

const WORDS: Record<Outcome, string> = {
  better: 'A difference is shown, and other judges show it too',
  unconfirmed: 'A difference is shown, not confirmed',
  undecided: 'Cannot be told apart',
  disputed: 'Disputed',
  worse: 'Worse than the baseline',
  'no-data': 'Insufficient data',
};

function outcomeOf(summary: EvaluationSummary, own: readonly EvaluatedPair[]): Outcome {
  const better = own.filter(({ shown }) => shown === 'higher');
  if (better.length > 0) {
    const first = better.reduce((a, b) => (b.difference!.mean > a.difference!.mean ? b : a));
    const judges = judgesOf(summary, first);
    if (judges.some(({ outcome, shown }) => outcome === 'turns-around' && shown !== 'undecided'))
      return 'disputed';
    return judges.length > 0 && judges.every(({ outcome }) => outcome === 'holds') ? 'better' : 'unconfirmed';
  }
  if (own.every(({ shown }) => shown === 'none')) return 'no-data';
  return own.some(({ shown }) => shown === 'lower') && own.every(({ shown }) => shown !== 'undecided')
    ? 'worse'
    : 'undecided';
}

/** What other judges that have figures of a pair say of it. */
const judgesOf = ({ judge_swap: swaps }: EvaluationSummary, { model, baseline }: EvaluatedPair): Judged[] =>
  (swaps.find((swap) => swap.model === model && swap.baseline === baseline)?.judges ?? []).filter(
    ({ outcome }) => outcome !== 'no-data',
  );

function againstBaseline(
  own: readonly EvaluatedPair[],
  baseline: string,
  main: string,
  pairs: number,
): string {
  const of = (shown: EvaluatedPair['shown']): string =>
    own
      .filter((pair) => pair.shown === shown)
      .map((pair) => `${pair.model} (${shown === 'none' ? 'too few tasks' : correctedText(pair)})`)
      .join(', ');
  const parts = [
    [of('higher'), 'better'],
    [of('lower'), 'worse'],
    [of('undecided'), 'not told apart'],
    [of('none'), 'insufficient data'],
  ].flatMap(([models, word]) => (models === '' ? [] : [`${word}: ${models}`]));
  const tasks = [...new Set(own.map((pair) => pair.tasks))];
  const over = tasks.length === 1 ? ` on ${plural(tasks[0]!, 'task')}` : '';
  const correction = pairs > 1 ? ` The intervals hold at once for all ${pairs} pairs of models.` : '';
  return `By ${metricWord(main)}, against ${baseline}${over}: ${parts.join('; ')}.${correction}`;
}

/** The highest mean, which is partly the luckiest, and what it cannot be told apart from. */
function highestSentence(
  summary: EvaluationSummary,
  pairs: readonly EvaluatedPair[],
  main: string,
): string[] {
  if (summary.model_order.length < 3) return [];
  const means = summary.model_order.flatMap((model) => {
    const estimate = entry(modelOf(summary, model).metrics, main);
    return estimate ? [{ model, mean: estimate.mean }] : [];
  });
  if (means.length < 2) return [];
  const { model } = means.reduce((a, b) => (b.mean > a.mean ? b : a));
  const against = new Map(
    pairs.flatMap((pair): [string, EvaluatedPair['shown']][] => {
      if (pair.model === model) return [[pair.baseline, pair.shown]];
      return pair.baseline === model ? [[pair.model, pair.shown]] : [];
    }),
  );
  const others = summary.model_order.filter((one) => one !== model);
  const like = others.filter((one) => against.get(one) === 'undecided');
  const unknown = others.filter((one) => (against.get(one) ?? 'none') === 'none');
  const apart = [
    ...(like.length > 0 ? [`it cannot be told apart from ${like.join(', ')}`] : []),
    ...(unknown.length > 0 ? [`nothing is known of it against ${unknown.join(', ')}`] : []),
  ];
  const claim = `${model} has the highest ${metricWord(main)}`;
  return [
    apart.length === 0
      ? `${claim}, and it is told apart from every other model.`
      : `${claim}; ${apart.join('; ')}.`,
  ];
}

function checkpointSentences({ curves, order }: EvaluationSummary, main: string): string[] {
  const curve = curves.find(({ metric }) => metric === main);
  if (!curve) return [];
  const { best, because, highest, scored = order.length, not_told_apart: like, worse_than: above } = curve;
  const why = {
    last:
      highest === best
        ? 'the last, which is the highest'
        : `the last, which the highest (${highest}) is not more than a standard error above`,
    'not-compared': `the last, which could not be compared with the highest (${highest}): fewer than two tasks have a score of both`,
    neighbours: `the last is more than a standard error below the highest (${highest}), and of those that are not this one has the best neighbours`,
  }[because];
  const apart = [
    ...(like.length > 0 ? [`it cannot be told apart from ${like.join(', ')}`] : []),
    ...(above.length > 0 ? [`it is shown to be below ${above.join(', ')}`] : []),
  ];
  const few = scored < order.length ? ` ${scored} of ${order.length} checkpoints have a score.` : '';
  return [
    `The checkpoint to keep is ${best}: ${why}${apart.length > 0 ? `; ${apart.join('; ')}` : ''}.${few}`,
    ...curve.dips.map(
      (dip) =>
        `${dip.model} is a dip: shown to be below ${dip.below_earlier} before it and ${dip.below_later} after it.`,
    ),
  ];
}

/** Of the differences that the judge shows, how many each other judge shows too. */
function generalisation({ judge_swap: swaps, main_metric: main }: EvaluationSummary): string[] {
  const shown = swaps.filter((swap) => swap.shown === 'higher' || swap.shown === 'lower');
  if (shown.length === 0) return [];
  const judges = [...new Set(shown.flatMap((swap) => swap.judges.map(({ judge }) => judge)))];
  const said = judges.flatMap((judge) => {
    const outcomes = shown.flatMap((swap) => swap.judges.filter((one) => one.judge === judge));
    const count = (...of: Judged['outcome'][]): number =>
      outcomes.filter(({ outcome }) => of.includes(outcome)).length;
    if (count('holds', 'silent', 'same-sign', 'turns-around') === 0) return [];
    const parts = [
      `shows ${howMany(count('holds'), shown.length)}`,
      ...(count('silent') > 0
        ? [`${count('silent')} only where it has a score, which its silence may decide`]
        : []),
      ...(count('same-sign') > 0 ? [`has the same sign without showing it in ${count('same-sign')}`] : []),
      ...(count('turns-around') > 0 ? [`has the other sign in ${count('turns-around')}`] : []),
    ];
    return [`${metricWord(judge)} ${parts.join(', ')}`];
  });
  if (said.length === 0) return [];
  return [
    `Another judge: of ${plural(shown.length, 'difference')} that ${metricWord(main!)} shows, ${said.join('; ')}.`,
  ];
}

const howMany = (some: number, all: number): string => {
  if (some === 0) return 'none of them';
  return some === all ? 'all of them too' : `${some} too`;
};

function worseSentence({ regressions }: EvaluationSummary): string[] {
  // A slice says nothing more of what is shown over all tasks.
  const whole = regressions.filter(({ slice }) => slice === null);
  const own = regressions.filter(
    (one) =>
      one.slice === null || !whole.some(({ model, metric }) => model === one.model && metric === one.metric),
  );
  if (own.length === 0) return [];
  const named = own.slice(0, MOST_WORSE).map((one) => {
    const where = one.slice ? ` where ${one.slice.field} is ${one.slice.value}` : '';
    return `${one.model} in ${metricWord(one.metric)}${where} (${correctedText(one)})`;
  });
  const left = own.length - named.length;
  return [`Shown to be worse: ${named.join('; ')}${left > 0 ? `; and ${left} more` : ''}.`];
}
