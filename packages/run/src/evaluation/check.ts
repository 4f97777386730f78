import { readTaskPath, toText } from '@touchstone/core';
import { InputError, type Task } from '@touchstone/spec';
import type { ScoringConfig } from '../config/schema.js';
import { jsonReader } from '../stages/evaluate.js';
import type { Contestants } from './contestants.js';
import type { EvaluationJudges } from './judges.js';

interface Planned extends Pick<Contestants, 'contestants' | 'tasks'> {
  config: Pick<ScoringConfig, 'evaluation' | 'reward'>;
  judges: EvaluationJudges;
  /** Null: there is no module of truth. */
  truth: object | null;
  order: readonly string[];
}

/**
 * What would end an evaluation when all its calls are paid for, looked for before the first.
 *
 * @throws {InputError} no task has the field that `evaluation.cluster` or one of `evaluation.slices` names, a model shares no task with the first, or nothing
 *   gives the answers a score.
 */
export function assertWillCompare(evaluation: Planned): void {
  const each = evaluation.contestants.map(({ name, known }) => ({
    name,
    tasks: known?.flatMap(({ answers }) => answers.map(({ task }) => task)) ?? evaluation.tasks,
  }));
  assertFields(
    evaluation,
    each.flatMap(({ tasks }) => tasks),
  );
  assertCommon(each, evaluation.order[0]);
  assertScored(evaluation);
}

function assertFields({ config }: Pick<Planned, 'config'>, tasks: readonly Task[]): void {
  const { cluster, slices = [] } = config.evaluation;
  const asked = [
    ...(cluster === undefined ? [] : [{ key: 'cluster', path: cluster }]),
    ...slices.map((path) => ({ key: 'slices', path })),
  ];
  const problems = asked.flatMap(({ key, path }) => {
    if (tasks.some((task) => valueAt(task, path) !== undefined)) return [];
    const fields = Object.keys(tasks[0]?.metadata ?? {}).map((name) => `metadata.${name}`);
    return [
      `evaluation.${key}: no task has ${path}; the first one has ${fields.join(', ') || 'no metadata'}`,
    ];
  });
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}

/** @param baseline the model that the others are held against; default: the first. */
function assertCommon(
  models: readonly { name: string; tasks: readonly Task[] }[],
  baseline = models[0]!.name,
): void {
  const of = (tasks: readonly Task[]): Set<string> => new Set(tasks.map(({ id }) => id));
  const first = of(models.find(({ name }) => name === baseline)!.tasks);
  for (const { name, tasks } of models) {
    if (tasks.some(({ id }) => first.has(id))) continue;
    throw new InputError([
      {
        message:
          `"${name}" and "${baseline}" have no task in common ("${tasks[0]?.id}" and "${[...first][0]}", for example): ` +
          'models are compared on the same tasks, by their ids. Nothing was asked',
      },
    ]);
  }
}

function assertScored({
  config,
  contestants,
  judges: { judge, reward, heldout, further, duelist },
  truth,
}: Planned): void {
  if (judge || reward || heldout || further.length > 0 || duelist || truth) return;
  const answers = contestants.flatMap(({ known }) => known?.flatMap((list) => list.answers) ?? []);
  if (contestants.some(({ drawn }) => drawn)) return;
  if (
    answers.some(
      ({ scores, truth: own }) => own !== null || Object.values(scores).some((one) => one !== null),
    )
  )
    return;
  // Whether answers are JSON is a figure by itself.
  const isJson = jsonReader(config);
  if (answers.some(({ response }) => isJson(response))) return;
  const loose = ['score', 'scores', 'grade', 'rating'].find((key) =>
    answers.some(({ task }) => typeof task.metadata[key] === 'number'),
  );
  const apart =
    loose === undefined
      ? 'or give each row its scores, as "scores": {NAME: 0 to 1}'
      : `or write "${loose}" of the rows, which is taken for metadata, as "scores": {"${loose}": …}`;
  throw new InputError([
    {
      message: `no answer has a score, and no judge is there to give one: name a configuration with a judge (touchstone eval FOLDER, with touchstone.yaml in it), ${apart}`,
    },
  ]);
}

/** A field of a task as text; undefined where the task has none. */
export function valueAt(task: Task, path: string): string | undefined {
  const value = readTaskPath(task, path);
  return value === undefined || value === null ? undefined : toText(value);
}
