import { largest, InputError, smallest } from '@touchstone/spec';
import { MEASURES } from '@touchstone/lab';
import type { EvaluationConfig } from '../config/evaluation-schema.js';
import type { ReadModel } from './read-known.js';

type Scores = Record<string, number | null>;

/**
 * Brings graders' scores to 0–1: by `evaluation.scales`, else by the format where it knows the grader's scale. What is between 0 and 1
 * already stays.
 *
 * @returns what does it to the scores of an answer, under names that nothing else has.
 * @throws {InputError} a grader's scores are not within its scale, or it has none and they are not within 0 to 1.
 */
export function zeroToOne(
  models: readonly ReadModel[],
  { scales = {}, judges = {} }: Pick<EvaluationConfig, 'scales' | 'judges'>,
): (scores: Scores) => Scores {
  const answers = models.flatMap(({ lists }) => lists.flatMap((list) => list.answers));
  const seen = new Map<string, { values: number[]; scale: [number, number] | undefined; apart: boolean }>();
  for (const { scores, scales: known } of answers) {
    for (const [name, score] of Object.entries(scores)) {
      if (score === null && seen.has(name)) continue;
      const scale = Object.hasOwn(scales, name) ? scales[name] : ownScale(known, name);
      const own = seen.get(name) ?? { values: [], scale, apart: false };
      seen.set(name, own);
      if (score === null) continue;
      if (own.values.length === 0) own.scale = scale;
      own.apart ||= own.scale?.join() !== scale?.join();
      own.values.push(score);
    }
  }
  const unknown = Object.keys(scales).filter((name) => !seen.has(name));
  if (unknown.length > 0) {
    const graders = [...seen.keys()].join(', ') || 'none';
    throw new InputError([
      { message: `evaluation.scales: no answer has scores of ${unknown.join(', ')}; graders: ${graders}` },
    ]);
  }
  const problems = [...seen].flatMap(([name, { values, scale, apart }]) =>
    apart
      ? [
          `the grader "${name}" gives scores on two scales: two graders have one name; rename one of them in its file`,
        ]
      : problemOf(name, values, scale),
  );
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
  const taken = new Set([...Object.keys(MEASURES), 'best_of_k', ...Object.keys(judges)]);
  const rename = (name: string): string => (taken.has(name) ? `${name} (stored)` : name);
  return (scores) =>
    Object.fromEntries(
      Object.entries(scores).map(([name, score]) => {
        const [low, high] = seen.get(name)!.scale ?? [0, 1];
        return [rename(name), score === null ? null : (score - low) / (high - low)];
      }),
    );
}

const ownScale = (
  known: Readonly<Record<string, [number, number]>> | undefined,
  name: string,
): [number, number] | undefined => (known && Object.hasOwn(known, name) ? known[name] : undefined);

function problemOf(name: string, values: readonly number[], scale: [number, number] | undefined): string[] {
  if (values.length === 0) return [];
  const [low, high] = scale ?? [0, 1];
  const [least, most] = [smallest(values), largest(values)];
  if (least >= Math.min(low, high) && most <= Math.max(low, high)) return [];
  const came = least === most ? `${most}` : `${least} to ${most}`;
  return [
    `the grader "${name}" gives scores of ${came}, and expected were ${Math.min(low, high)} to ${Math.max(low, high)}: say in the configuration ` +
      `what of its scores becomes 0 and what becomes 1, such as evaluation: { scales: { ${JSON.stringify(name)}: [1, 5] } }`,
  ];
}
