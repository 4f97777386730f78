import { readTaskPath, toText } from '@touchstone/core';
import { scaleOf, type EvaluationInput, type EvaluationRecord } from '@touchstone/lab';
import { InputError, type Task } from '@touchstone/spec';
import { evaluationRecords } from '../stages/evaluate.js';
import { askedBy, gradersOf } from '../comparison/graders.js';
import { readStage } from '../stages/stage.js';
import type { Evaluation } from './open.js';
import { EVALUATED, FURTHER } from './stages.js';

/** What the statistics are made of. */
type Records = Required<Pick<EvaluationInput, 'models' | 'remarks'>>;

/**
 * The stored answers with all their scores.
 *
 * @throws {InputError} no task has the field that `evaluation.cluster` or one of `evaluation.slices` names.
 */
export function recordsOf(evaluation: Evaluation): Records {
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
  return {
    models: each.map(({ name, lists }) => ({ name, trainings: lists.map(known) })),
    remarks: each.flatMap(({ name, lists }) => silentGraders(name, lists.flat())),
  };
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

/** Graders that have a score of some answers of a model and not of others. */
function silentGraders(model: string, records: readonly EvaluationRecord[]): string[] {
  const names = new Set(records.flatMap(({ others }) => Object.keys(others ?? {})));
  return [...names].flatMap((name) => {
    const silent = records.filter(({ others }) => (others?.[name] ?? null) === null).length;
    return silent === 0 ? [] : [`${model}: ${silent} of ${records.length} answers have no score of ${name}`];
  });
}

/** Where a task belongs, by `evaluation.cluster` and `evaluation.slices`. */
function placesOf({
  config: { evaluation },
  store,
  contestants,
}: Evaluation): (task: Task) => Pick<EvaluationRecord, 'cluster' | 'slices'> {
  const { cluster, slices = [] } = evaluation;
  const asked = [
    ...(cluster === undefined ? [] : [{ key: 'cluster', path: cluster }]),
    ...slices.map((path) => ({ key: 'slices', path })),
  ];
  if (asked.length === 0) return () => ({});
  const tasks = contestants.flatMap(({ name }) =>
    store.rollouts(EVALUATED(name).name).map(({ rollout }) => rollout.task),
  );
  for (const { key, path } of asked) {
    if (tasks.some((task) => valueAt(task, path) !== undefined)) continue;
    const fields = Object.keys(tasks[0]?.metadata ?? {}).map((name) => `metadata.${name}`);
    throw new InputError([
      {
        message: `evaluation.${key}: no task has ${path}; the first one has ${fields.join(', ') || 'no metadata'}`,
      },
    ]);
  }
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

function valueAt(task: Task, path: string): string | undefined {
  const value = readTaskPath(task, path);
  return value === undefined || value === null ? undefined : toText(value);
}
