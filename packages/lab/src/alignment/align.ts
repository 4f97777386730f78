import type { Criterion, Judge, OutcomeAnswer } from '@touchstone/core';
import { type AlignmentSummary, random, RunError, type Usage } from '@touchstone/spec';

import { groupBy } from '../statistics/values.js';
import { Asker } from '../validation/ask.js';
import type { Opinion } from '../validation/readings.js';
import { wasAsked } from '../validation/readings.js';
import { givenOf, itemsOf, scoreNames, scoresOf } from './items.js';
import { measureAlignment, type Measured, type Repeats } from './measure.js';
import type { MetricsConfig } from './metrics-schema.js';

/** Answers that are judged several times, to see how much of a verdict is noise. */
const REPEATED = 50;

export interface AlignJudgeInput {
  judge: Judge;
  answers: readonly OutcomeAnswer[];
  metrics: MetricsConfig;
  /** How often some of the answers are judged, from 1; with 1 the judge's reliability is not known. */
  repeats: number;
  /** Of the order of asking, of which answers are repeated, and of bootstraps. */
  seed: number;
  onProgress?: (progress: { done: number; total: number }) => void;
}

export type JudgeAlignment = Measured &
  Pick<AlignmentSummary, 'answers' | 'tasks' | 'blank' | 'abstained'> & { usage: Usage };

/**
 * Judges answers whose outcome in production is known, and says how far the judge's criteria go with it.
 *
 * @throws {RunError} the judge gave no verdict at all.
 */
export async function alignJudge(input: AlignJudgeInput): Promise<JudgeAlignment> {
  const { judge, answers, metrics, seed } = input;
  const again = repeatedAnswers(input);
  const total = answers.length + (input.repeats - 1) * again.length;
  let done = 0;
  const asker = new Asker(judge, seed, (more) => input.onProgress?.({ done: (done += more), total }));
  const opinions = await asker.judgeAll(answers);
  const silent = opinions.filter(isSilent);
  assertAnyVerdict(opinions);
  const first = new Map(answers.map((answer, i) => [answer, opinions[i]!]));
  const said = [again.map((answer) => first.get(answer)!)];
  for (let repeat = 1; repeat < input.repeats; repeat++) said.push(await asker.judgeAll(again, repeat));
  const measured = measureAlignment({
    items: itemsOf(answers, opinions, judge.criteria),
    criteria: judge.criteria,
    metrics,
    booleans: booleanMetrics(metrics, answers),
    given: new Map(Object.entries(metrics).map(([name, metric]) => [name, givenOf(metric, answers)])),
    repeats: repeatsOf(again, said, judge.criteria),
    seed,
  });
  return {
    ...measured,
    answers: answers.length,
    tasks: new Set(answers.map(({ task }) => task.id)).size,
    blank: opinions.filter(isBlank).length,
    abstained: silent.length,
    usage: asker.usage,
  };
}

/** The answers that are judged several times: all of some tasks, since a judge that compares is shown them together. */
export function repeatedAnswers({
  answers,
  repeats,
  seed,
}: Pick<AlignJudgeInput, 'answers' | 'repeats' | 'seed'>): OutcomeAnswer[] {
  if (repeats < 2) return [];
  const tasks = groupBy(
    answers,
    answers.map(({ task }) => task.id),
  );
  const drawn: OutcomeAnswer[] = [];
  for (const task of random(seed, 'repeated').shuffle(tasks)) {
    if (drawn.length >= REPEATED) break;
    for (const answer of task) drawn.push(answer);
  }
  return drawn;
}

const isSilent = ({ answer }: Opinion): boolean => answer.status === 'abstained';
/** Scored without a call: there was nothing to judge. */
const isBlank = ({ answer, verdicts }: Opinion): boolean =>
  answer.status === 'scored' && !verdicts.some(wasAsked);

function assertAnyVerdict(opinions: readonly Opinion[]): void {
  if (opinions.some((opinion) => !isSilent(opinion) && !isBlank(opinion))) return;
  const why = opinions.flatMap(({ answer }) =>
    answer.status === 'abstained' ? [`; the first: ${answer.detail}`] : [],
  );
  throw new RunError(
    `The judge gave no verdict on any of ${opinions.length} answers${why[0] ?? ': all are blank'}. ` +
      'Mend the cause and run again: replies that were paid for are kept.',
  );
}

/** As they are in the answers, which agree (`assertMetricsFit`). */
const booleanMetrics = (metrics: MetricsConfig, answers: readonly OutcomeAnswer[]): Set<string> =>
  new Set(
    Object.keys(metrics).filter((name) =>
      answers.some(({ outcomes }) => typeof outcomes.get(name) === 'boolean'),
    ),
  );

function repeatsOf(
  answers: readonly OutcomeAnswer[],
  said: readonly (readonly Opinion[])[],
  criteria: readonly Criterion[],
): Repeats {
  const scores = said.map((opinions) => opinions.map((opinion) => scoresOf(opinion, criteria)));
  const tasks = answers.map(({ task }) => task.id);
  return new Map(
    scoreNames(criteria).map((name) => {
      const ratings = answers.map((_, i) => scores.flatMap((all) => all[i]!.get(name) ?? []));
      return [name, groupBy(ratings, tasks)] as const;
    }),
  );
}
