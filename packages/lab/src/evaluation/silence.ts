import type { Comparison, EvaluatedPair } from '@touchstone/spec';
import { meanOf } from '../statistics/values.js';
import { inTrainings, type ModelPair } from './pairs.js';
import { type EvaluationRecord, type Measure, type NamedMeasure, taskMeans } from './record.js';

/** Of these a missing score says that there was nothing to score. */
const NOT_SILENCE = ['json_valid', 'truth_score'];

/** A difference that answers without a score may decide. */
export interface DecidedBySilence extends Pick<EvaluatedPair, 'metric' | 'model' | 'baseline'> {
  /** In a sentence. */
  remark: string;
}

/**
 * Of differences that are shown on the answers with a score, those that the answers without one would turn round at worst: were they worth 0 to the
 * model that is higher, and 1 to the other (the bounds of Manski, 1990). A judge that is silent on what is bad makes a model better than it is.
 *
 * @param pairs of this metric or of all.
 */
export function decidedBySilence(
  modelPairs: readonly ModelPair[],
  metric: NamedMeasure,
  pairs: readonly EvaluatedPair[],
): DecidedBySilence[] {
  const { name } = metric;
  return modelPairs.flatMap(({ model, baseline }) => {
    const { shown } = pairs.find(
      (pair) => pair.metric === name && pair.model === model.name && pair.baseline === baseline.name,
    )!;
    if (shown !== 'higher' && shown !== 'lower') return [];
    const [high, low] = shown === 'higher' ? [model, baseline] : [baseline, model];
    const found = silenceIn({ model: high, baseline: low }, metric, true);
    if (!found || found.worst > 0) return [];
    const remark =
      `${high.name} is higher than ${low.name} by ${name} where both have a score. ${found.better} answers of ${high.name} and ${found.baseline} of ${low.name} have none; ` +
      `were these worth 0 and 1, the difference would be ${found.worst.toFixed(3)}: what has no score may decide it.`;
    return [{ metric: name, model: model.name, baseline: baseline.name, remark }];
  });
}

/**
 * The answers without a score, and the difference at worst.
 *
 * @param isHigher whether the model is above the baseline where both have a score.
 * @returns null where every answer has a score.
 */
export function silenceIn(
  pair: ModelPair,
  { name, measure }: NamedMeasure,
  isHigher: boolean,
): Comparison['silence'] {
  if (NOT_SILENCE.includes(name)) return null;
  const [better, baseline] = [pair.model, pair.baseline].map(
    ({ trainings }) => trainings.flat().filter((record) => measure(record) === null).length,
  ) as [number, number];
  return better === 0 && baseline === 0
    ? null
    : { better, baseline, worst: worstOf(pair, measure, isHigher) };
}

/** The difference at worst, over the tasks that both have answered: mean over trainings of the means over tasks. */
function worstOf(pair: ModelPair, measure: Measure, isHigher: boolean): number {
  const { zero, one } = boundsOf(measure);
  const [own, rivals] = isHigher ? [zero, one] : [one, zero];
  return meanOf(
    inTrainings(pair, (model, baseline) => {
      const [a, b] = [taskMeans(model, own), taskMeans(baseline, rivals)];
      return meanOf([...a].flatMap(([task, mean]) => (b.has(task) ? [mean - b.get(task)!] : [])));
    }),
  );
}

interface Bounds {
  zero: Measure;
  one: Measure;
}

/** What is read of a model's records is kept by the measure: every pair asks for the same two. */
const bounds = new WeakMap<Measure, Bounds>();

/** The measure with 0, and with 1, where there is no score. */
function boundsOf(measure: Measure): Bounds {
  const orElse =
    (value: number): Measure =>
    (record: EvaluationRecord) =>
      measure(record) ?? value;
  const own = bounds.get(measure) ?? { zero: orElse(0), one: orElse(1) };
  bounds.set(measure, own);
  return own;
}
