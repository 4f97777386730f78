import { EVALUATION_SUMMARY_VERSION, type EvaluationSummary, InputError } from '@touchstone/spec';

import { checkpointCurve } from './checkpoint-curve.js';
import { summariseDuels } from './duels.js';
import { type Evaluated, evaluatedOf } from './evaluated.js';
import type { EvaluationInput } from './evaluation-input.js';
import { judgeSwap } from './judge-swap.js';
import { modelFigures, passingOf } from './model-figures.js';
import { comparePairs, pairsOf } from './pairs.js';
import { sliceRegressions, wholeRegressions, worseTasks } from './regressions.js';
import { remarksOf } from './remarks.js';
import { decidedBySilence } from './silence.js';

/** Which metric the verdict is about: the first of these that there is, else another score. */
const MAIN_METRICS = ['judge_score', 'heldout_judge_score', 'truth_score', 'json_valid'];

/**
 * Every figure of a comparison of models on the same tasks.
 *
 * @throws {InputError} an answer is there twice, a score is not a number of 0 to 1, a task has two clusters, a name is not that of a model, models have
 *   no task in common, or were trained several times but not equally often.
 */
export function summariseEvaluation(input: EvaluationInput): EvaluationSummary {
  const { order = [], duels = [], seed, bestOf, passScore } = input;
  const evaluated = evaluatedOf(input);
  const { models, metrics, tasks, clusters } = evaluated;
  const names = models.map(({ name }) => name);
  const baseline = input.baseline ?? order[0] ?? names[0]!;
  assertNames(names, [baseline, ...order]);
  const twice = order.find((name, i) => order.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InputError([{ message: `"${twice}" is twice in the order of checkpoints` }]);
  assertComparable(evaluated, baseline);

  // The baseline first, then checkpoints in their order, so that differences read forwards.
  const inOrder = [...new Set([baseline, ...order, ...names])].map((name) =>
    models.find((model) => model.name === name)!,
  );
  const modelPairs = pairsOf(inOrder);
  const ofBaseline = modelPairs.filter((pair) => pair.baseline.name === baseline);
  const pairs = metrics.flatMap((metric) => comparePairs(modelPairs, metric, evaluated));
  const decided = metrics.flatMap((metric) => decidedBySilence(modelPairs, metric, pairs));
  const passing = passingOf(evaluated, passScore);
  const main = MAIN_METRICS.find((name) => metrics.some((metric) => metric.name === name));
  const others = metrics.map(({ name }) => name).filter((name) => !MAIN_METRICS.includes(name));
  const mainMetric = input.mainMetric ?? (main === 'judge_score' ? main : (others[0] ?? main ?? null));
  assertMetric(
    mainMetric,
    metrics.map(({ name }) => name),
  );
  const judges = metrics
    .map(({ name }) => name)
    .filter((name) => name !== mainMetric && name !== 'json_valid');
  return {
    kind: 'evaluation',
    version: EVALUATION_SUMMARY_VERSION,
    name: input.name,
    created: input.created,
    versions: { ...input.versions },
    seed,
    baseline: names.length > 1 ? baseline : null,
    order: [...order],
    tasks: tasks.length,
    common_tasks: tasksOfAll(evaluated).length,
    clustered: tasks.length > clusters.length,
    metrics: metrics.map(({ name }) => name),
    main_metric: mainMetric,
    models: Object.fromEntries(
      models.map((model) => [model.name, modelFigures(model, evaluated, { bestOf, passing })]),
    ),
    model_order: names,
    pairs,
    duels: summariseDuels(duels, modelPairs, evaluated),
    regressions: [
      ...wholeRegressions(pairs.filter((pair) => pair.baseline === baseline)),
      ...metrics.flatMap((metric) => sliceRegressions(ofBaseline, metric, evaluated)),
    ],
    worse_tasks: ofBaseline.flatMap((pair) => metrics.flatMap((metric) => worseTasks(pair, metric) ?? [])),
    curves:
      order.length < 2
        ? []
        : metrics.flatMap(
            (metric) =>
              checkpointCurve(
                order,
                pairs.filter((pair) => pair.metric === metric.name),
                metric,
                evaluated,
              ) ?? [],
          ),
    judge_swap: mainMetric === null ? [] : judgeSwap(pairs, mainMetric, judges, decided),
    remarks: [...(input.remarks ?? []), ...remarksOf(evaluated), ...decided.map(({ remark }) => remark)],
  };
}

function assertNames(names: readonly string[], asked: readonly string[]): void {
  if (names.length === 0)
    throw new InputError([{ message: 'expected answers of at least one model, got none' }]);
  const odd = asked.find((name) => !names.includes(name));
  if (odd !== undefined) {
    throw new InputError([{ message: `there is no model "${odd}": expected one of ${names.join(', ')}` }]);
  }
}

function assertMetric(main: string | null, metrics: readonly string[]): void {
  if (main === null || metrics.includes(main)) return;
  throw new InputError([
    {
      message: `no answer has a score of "${main}": expected one of ${metrics.join(', ') || 'none, since there are no scores'}`,
    },
  ]);
}

/** Tasks that every model has answered. */
function tasksOfAll({ models, tasks }: Evaluated): string[] {
  const answered = models.map(({ trainings }) => new Set(trainings.flat().map(({ taskId }) => taskId)));
  return tasks.filter((task) => answered.every((own) => own.has(task)));
}

function assertComparable({ models }: Evaluated, baseline: string): void {
  const tasksOf = (name: string): Set<string> =>
    new Set(
      models
        .find((model) => model.name === name)!
        .trainings.flat()
        .map(({ taskId }) => taskId),
    );
  const first = tasksOf(baseline);
  for (const { name } of models) {
    const own = tasksOf(name);
    if ([...own].every((task) => !first.has(task))) {
      throw new InputError([
        {
          message:
            `"${name}" and "${baseline}" have no task in common ("${[...own][0]}" and "${[...first][0]}", for example): ` +
            'models are compared on the same tasks, by their ids',
        },
      ]);
    }
  }
  const several = models.filter(({ trainings }) => trainings.length > 1);
  const odd = several.find(({ trainings }) => trainings.length !== several[0]!.trainings.length);
  if (odd) {
    throw new InputError([
      {
        message:
          `"${several[0]!.name}" was trained ${several[0]!.trainings.length} times and "${odd.name}" ${odd.trainings.length} times: ` +
          'differences are paired by training; give as many of each',
      },
    ]);
  }
}
