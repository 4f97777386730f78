import type { EvaluatedPair } from '@touchstone/spec';
import { meanOf } from '../statistics/values.js';
import { inTrainings, type ModelPair } from './pairs.js';
import { type EvaluationRecord, type Measure, type NamedMeasure, taskMeans } from './record.js';

/** Of these a missing score says that there was nothing to score. */
const NOT_SILENCE = ['json_valid', 'truth_score'];

/**
 * Of differences that are shown on the answers with a score, those that the answers without one would turn round at worst: were they worth 0 to the
 * model that is higher, and 1 to the other (the bounds of Manski, 1990). A judge that is silent on what is bad makes a model better than it is.
 */
export function decidedBySilence(
  modelPairs: readonly ModelPair[],
  { name, measure }: NamedMeasure,
  pairs: readonly EvaluatedPair[],
): string[] {
  if (NOT_SILENCE.includes(name)) return [];
  return modelPairs.flatMap(({ model, baseline }) => {
    const { shown } = pairs.find(
      (pair) => pair.metric === name && pair.model === model.name && pair.baseline === baseline.name,
    )!;
    if (shown !== 'higher' && shown !== 'lower') return [];
    const [high, low] = shown === 'higher' ? [model, baseline] : [baseline, model];
    const silent = [high, low].map(
      ({ trainings }) => trainings.flat().filter((record) => measure(record) === null).length,
    );
    const worst = worstOf({ model: high, baseline: low }, measure);
    if (silent.every((count) => count === 0) || worst > 0) return [];
    return [
      `${high.name} is higher than ${low.name} by ${name} where both have a score. ${silent[0]} answers of ${high.name} and ${silent[1]} of ${low.name} have none; ` +
        `were these worth 0 and 1, the difference would be ${worst.toFixed(3)}: what has no score may decide it.`,
    ];
  });
}

/** The difference at worst, over the tasks that both have answered: mean over trainings of the means over tasks. */
function worstOf(pair: ModelPair, measure: Measure): number {
  const orElse =
    (value: number): Measure =>
    (record: EvaluationRecord) =>
      measure(record) ?? value;
  return meanOf(
    inTrainings(pair, (model, baseline) => {
      const [a, b] = [taskMeans(model, orElse(0)), taskMeans(baseline, orElse(1))];
      return meanOf([...a].flatMap(([task, mean]) => (b.has(task) ? [mean - b.get(task)!] : [])));
    }),
  );
}
