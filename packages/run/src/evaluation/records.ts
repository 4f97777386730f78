import { scaleOf, type EvaluationRecord, type ModelRecords } from '@touchstone/lab';
import type { Task } from '@touchstone/spec';
import { evaluationRecords } from '../stages/evaluate.js';
import { askedBy, gradersOf } from '../comparison/graders.js';
import { readStage } from '../stages/stage.js';
import { valueAt } from './check.js';
import type { Evaluation } from './open.js';
import { EVALUATED, FURTHER } from './stages.js';

/** The stored answers with all their scores. */
export function recordsOf(evaluation: Evaluation): ModelRecords[] {
  const { config, store, contestants, judges } = evaluation;
  const places = placesOf(evaluation);
  const asked = askedBy(evaluation.claimed);
  const further = judges.further.map(({ name }) => name);
  const graders = gradersOf(evaluation.claimed, further);
  const scales = Object.entries(config.evaluation.scales ?? {});
  const each = contestants.map(({ name }) => {
    const stored = store.rollouts(EVALUATED(name).name);
    const extras = readStage(store, EVALUATED(name))!.value;
    const said = judges.further.map((judge) => ({
      name: judge.name,
      scores: readStage(store, FURTHER(name, judge.name))!.value,
    }));
    const scored = new Set(extras.answers.flat().flatMap(({ scores }) => Object.keys(scores)));
    const by = { ...graders, ...scalesBy(scales, scored) };
    const lists = extras.answers.map((answers, training): EvaluationRecord[] => {
      const own = stored.filter(({ step }) => step === training);
      return evaluationRecords({ config }, own).map((record, i) => ({
        ...record,
        tokens: answers[i]!.tokens,
        others: {
          ...answers[i]!.scores,
          ...Object.fromEntries(said.map((judge) => [judge.name, judge.scores[training]![i]!])),
        },
        ...places(own[i]!.rollout.task),
        asked: asked(own[i]!.rollout.task),
        by,
      }));
    });
    return { name, lists };
  });
  const noJson =
    config.reward.checks.every(({ type }) => !JSON_CHECKS.has(type)) &&
    each.every(({ lists }) => lists.flat().every(({ valid }) => valid !== true));
  // Where nobody asks for JSON and nobody writes any, that there is none says nothing.
  const known = (records: EvaluationRecord[]): EvaluationRecord[] =>
    noJson ? records.map((record) => ({ ...record, valid: null })) : records;
  return each.map(({ name, lists }) => ({ name, trainings: lists.map(known) }));
}

/** By which scale stored scores were brought to 0–1: who gave them is not known, but this is. */
const scalesBy = (
  scales: readonly [string, readonly number[]][],
  scored: ReadonlySet<string>,
): Record<string, string> =>
  Object.fromEntries(
    scales.flatMap(([grader, [low, high]]) =>
      [grader, `${grader} (stored)`]
        .filter((name) => scored.has(name))
        .map((name) => [scaleOf(name), `${low} to ${high}`]),
    ),
  );

const JSON_CHECKS: ReadonlySet<string> = new Set(['json', 'json-schema']);

/** Where a task belongs, by `evaluation.cluster` and `evaluation.slices`. */
function placesOf({
  config: { evaluation },
}: Evaluation): (task: Task) => Pick<EvaluationRecord, 'cluster' | 'slices'> {
  const { cluster, slices = [] } = evaluation;
  if (cluster === undefined && slices.length === 0) return () => ({});
  return (task) => {
    const group = cluster === undefined ? undefined : valueAt(task, cluster);
    return {
      ...(group === undefined ? {} : { cluster: group }),
      ...(slices.length === 0
        ? {}
        : { slices: Object.fromEntries(slices.map((path) => [path, valueAt(task, path) ?? '(none)'])) }),
    };
  };
}
