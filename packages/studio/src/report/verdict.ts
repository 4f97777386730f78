import type { Comparison } from '@touchstone/spec';
import { count, difference, direction, plural, signed, type Direction } from './format.js';
import { modelLabel } from './names.js';

/**
 * What a paired comparison may be called. `better` needs the interval of the judge score above 0 and every outside
 * measure there is (held-out judge, ground truth) above 0 too, at least one; `unconfirmed`: the outside measures are missing,
 * undecided, or could be turned round by answers that they have no score of; `disputed`: one of them says the opposite.
 */
export type Outcome = 'better' | 'unconfirmed' | 'undecided' | 'disputed' | 'worse' | 'no-data';

/** One comparison read out: an outcome and the sentence that supports it. */
export interface Reading {
  outcome: Outcome;
  sentence: string;
}

const OUTCOME_WORDS: Record<Outcome, string> = {
  better: 'Improved',
  unconfirmed: 'Improved, not confirmed',
  undecided: 'No difference shown',
  disputed: 'Disputed',
  worse: 'Worse',
  'no-data': 'No verdict',
};

/** The outcome in words for people. */
export function outcomeWords(outcome: Outcome): string {
  return OUTCOME_WORDS[outcome];
}

type Silenced = Pick<Comparison, 'difference' | 'silence'>;

/** Whether answers without a score could turn round a difference that is shown where both have one. */
export function maySilenceDecide({ difference: d, silence }: Silenced): boolean {
  if (!silence) return false;
  const shown = direction(d);
  return shown === 'higher' ? silence.worst <= 0 : shown === 'lower' && silence.worst >= 0;
}

/** What silence may decide, to stand after the difference; empty where it may not. */
function silenceText(found: Silenced, [subject, rival]: Names): string {
  const { difference: d, silence } = found;
  if (!silence || !maySilenceDecide(found)) return '';
  const worth = direction(d) === 'higher' ? '0 and 1' : '1 and 0';
  return (
    `, which silence may decide: ${plural(silence.better, 'answer')} of ${subject} and ${count(silence.baseline)} of ${rival} have no score, ` +
    `and were these worth ${worth}, the difference would be ${signed(silence.worst)}`
  );
}

type Names = readonly [subject: string, rival: string];

/** The paired difference `a − b`, turned round where the summary has `b − a`. */
function paired(
  comparisons: readonly Comparison[],
  metric: string,
  a: string,
  b: string,
): Silenced | undefined {
  for (const { metric: name, better, baseline, difference: d, silence } of comparisons) {
    if (name !== metric || d.n === 0) continue;
    if (better === a && baseline === b) return { difference: d, silence };
    if (better !== b || baseline !== a) continue;
    const turned = { mean: -d.mean, low: -d.high, high: -d.low, n: d.n };
    return {
      difference: turned,
      silence: silence && { better: silence.baseline, baseline: silence.better, worst: -silence.worst },
    };
  }
  return undefined;
}

/** What a comparison is over, where that is more than the tasks of one training. */
export interface Scope {
  trainings: number;
  /** In each. */
  tasks: number;
}

/** What the tasks are that models were evaluated on. */
export const evalTasks = ({ eval_trained }: { eval_trained: boolean }): string =>
  eval_trained ? 'tasks that were trained on' : 'held-out tasks';

/** What every report of one training says below its verdict. */
export const ONE_DRAW =
  'This is one training, and a training is one draw: its intervals do not know what another seed would give. touchstone run --seeds 3 does.';

function outsideClause(
  who: string,
  judge: Direction,
  found: Silenced,
  names: Names,
  scope: Scope | undefined,
): string {
  const outside = direction(found.difference);
  const silence = silenceText(found, names);
  const figure = `(${difference(found.difference)})${silence}`;
  if (scope && outside === 'undecided') {
    return judge === 'undecided' ? `nor by ${who} ${figure}` : `by ${who} that is not shown ${figure}`;
  }
  if (judge === 'undecided') {
    return outside === 'undecided'
      ? `${who} does not tell them apart either ${figure}`
      : `${who} puts ${names[0]} ${outside} ${figure}`;
  }
  if (outside === judge && silence !== '') return `${who} shows the same where it has a score ${figure}`;
  if (outside === judge) return `${who} agrees ${figure}`;
  if (outside === 'undecided') return `${who} does not confirm it ${figure}`;
  return `${who} disagrees ${figure}`;
}

/** Reads one pair of models; undefined when the judge score of the pair was not compared. */
function read(
  comparisons: readonly Comparison[],
  a: string,
  b: string,
  scope: Scope | undefined,
): Reading | undefined {
  const main = paired(comparisons, 'judge_score', a, b);
  if (!main) return undefined;
  const names: Names = [modelLabel(a), modelLabel(b)];
  const [subject, rival] = names;
  const judge = direction(main.difference);
  const figure = difference(main.difference);
  const claim = {
    higher: `${subject} beats ${rival} by ${figure} in judge score`,
    lower: `${subject} is worse than ${rival}: ${figure} in judge score`,
    undecided: scope
      ? `it is not shown by the judge that ${subject} and ${rival} differ: ${figure}`
      : `${subject} and ${rival} are not told apart by the judge: ${figure}`,
    none: '',
  }[judge];
  const begin = scope
    ? `Over ${plural(scope.trainings, 'training')} on ${plural(scope.tasks, 'task')} ${claim}`
    : `${claim}, n = ${plural(main.difference.n, 'task')}`;

  const heldout = paired(comparisons, 'heldout_judge_score', a, b);
  const truth = paired(comparisons, 'truth_score', a, b);
  const clauses = [
    `${begin}${silenceText(main, names)}`,
    heldout
      ? outsideClause('the held-out judge', judge, heldout, names, scope)
      : 'no held-out judge compared them',
    ...(truth ? [outsideClause('ground truth', judge, truth, names, scope)] : []),
  ];

  const outside = [heldout, truth].flatMap((found) => {
    if (!found) return [];
    const shown = direction(found.difference);
    // What silence may decide confirms nothing.
    return [shown === 'higher' && maySilenceDecide(found) ? 'undecided' : shown];
  });
  let outcome: Outcome = 'undecided';
  if (judge === 'lower') outcome = 'worse';
  if (judge === 'higher') {
    if (outside.includes('lower')) outcome = 'disputed';
    else if (outside.length > 0 && outside.every((d) => d === 'higher')) outcome = 'better';
    else outcome = 'unconfirmed';
  }
  return { outcome, sentence: `${clauses.join('; ')}.` };
}

const WORST_FIRST: Outcome[] = ['no-data', 'worse', 'disputed', 'undecided', 'unconfirmed', 'better'];

/**
 * The verdict on a run from its paired differences: RFT against SFT first, then RFT against the base model. The
 * outcome is the worse of the two, so that a model is called improved only when it beats both.
 *
 * @param scope of comparisons over several trainings: it stands in every sentence.
 */
export function verdict(
  comparisons: readonly Comparison[],
  scope?: Scope,
): { outcome: Outcome; readings: Reading[] } {
  const first = comparisons.find(({ metric, difference: d }) => metric === 'judge_score' && d.n > 0);
  const readings = ['sft', 'base']
    .map((rival) => read(comparisons, 'rft', rival, scope))
    .filter((r) => r !== undefined);
  if (readings.length === 0 && first) {
    const other = read(comparisons, first.better, first.baseline, scope);
    if (other) readings.push(other);
  }
  if (readings.length === 0) {
    const sentence = 'The run holds no paired difference in judge score.';
    return { outcome: 'no-data', readings: [{ outcome: 'no-data', sentence }] };
  }
  const outcome = WORST_FIRST.find((o) => readings.some((r) => r.outcome === o)) ?? 'no-data';
  return { outcome, readings };
}
