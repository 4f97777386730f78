import { InputError } from '@touchstone/spec';
import type { ClusterOf } from './by-task.js';
import { componentNames } from './model-summary.js';
import { type EvaluationRecord, type Measure, MEASURES, type NamedMeasure } from './record.js';
import type { EvaluationInput, ModelRecords } from './evaluation-input.js';
import { comparisonProblems } from './same-measure.js';

/** Checked records of all models, and what is common to them. */
export interface Evaluated {
  models: readonly ModelRecords[];
  metrics: readonly NamedMeasure[];
  clusterOf: ClusterOf;
  /** All clusters, in the order of their first task. */
  clusters: readonly string[];
  /** All tasks, in the order that they come. */
  tasks: readonly string[];
  /** Values of the tasks' fields: by field, by task. */
  slices: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Log of an answer's characters, or of its tokens where characters are not known; null where neither is of any. */
  logLengthOf: Measure | null;
}

/** Mistakes that are named in one error. */
const MOST_NAMED = 10;

/**
 * @throws {InputError} a model has no answer, an answer is there twice, a score is not a number of 0 to 1, a length is not one, a task has two
 *   clusters or two values of a field, a score has the name of a metric, one id stands for two tasks, or one metric is by two judges.
 */
export function evaluatedOf({ models }: Pick<EvaluationInput, 'models'>): Evaluated {
  refuse(problemsOf(models));
  const all = models.flatMap((model) => model.trainings.flat());
  const [clusterOf, slices] = fieldsOf(all);
  const tasks = [...new Set(all.map(({ taskId }) => taskId))];
  const metrics = metricsOf(all);
  refuse(comparisonProblems(models, metrics));
  return {
    models,
    metrics,
    clusterOf,
    clusters: [...new Set(tasks.map(clusterOf))],
    tasks,
    slices,
    logLengthOf: logLengthMeasure(all),
  };
}

/** The names of `metricsOf`. */
export const metricNames = (records: readonly EvaluationRecord[]): string[] =>
  metricsOf(records).map(({ name }) => name);

/** The metrics that any record has, those of the registry first. */
function metricsOf(records: readonly EvaluationRecord[]): NamedMeasure[] {
  const others = [...new Set(records.flatMap(({ others: own }) => Object.keys(own ?? {})))];
  return [
    ...Object.entries(MEASURES).map(([name, measure]) => ({ name, measure })),
    ...others.map((name) => ({ name, measure: otherMeasure(name) })),
  ].filter(({ measure }) => records.some((record) => measure(record) !== null));
}

const otherMeasure =
  (name: string): Measure =>
  ({ others }) =>
    others && Object.hasOwn(others, name) ? (others[name] ?? null) : null;

function logLengthMeasure(records: readonly EvaluationRecord[]): Measure | null {
  if (records.some(({ length }) => length !== undefined)) return ({ length }) => logOf(length ?? null);
  return records.some(({ tokens }) => tokens !== null) ? ({ tokens }) => logOf(tokens) : null;
}

/** An answer may be empty. */
const logOf = (length: number | null): number | null => (length === null ? null : Math.log1p(length));

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const named = problems.slice(0, MOST_NAMED);
  const left = problems.length - named.length;
  throw new InputError([
    ...named.map((message) => ({ message })),
    ...(left > 0 ? [{ message: `and ${left} more` }] : []),
  ]);
}

function problemsOf(models: readonly ModelRecords[]): string[] {
  const twice = models.filter(({ name }, i) => models.findIndex((one) => one.name === name) !== i);
  return [
    ...twice.map(({ name }) => `two models are called "${name}": give one of them another name`),
    ...models.flatMap(({ name, trainings }) => [
      ...(trainings.length === 0 || trainings.some((records) => records.length === 0)
        ? [`expected answers of "${name}", got none`]
        : []),
      ...trainings.flatMap((records) => [
        ...duplicates(records).map((answer) => `${name}, ${answer}: this answer is there twice`),
        ...records.flatMap((record) =>
          scoreProblems(record).map((problem) => `${name}, ${answerName(record)}: ${problem}`),
        ),
      ]),
    ]),
  ];
}

const answerName = ({ taskId, sample }: EvaluationRecord): string => `task "${taskId}", sample ${sample}`;

function duplicates(records: readonly EvaluationRecord[]): string[] {
  const seen = new Set<string>();
  return records.flatMap((record) => {
    const key = JSON.stringify([record.taskId, record.sample]);
    if (seen.has(key)) return [answerName(record)];
    seen.add(key);
    return [];
  });
}

function scoreProblems(record: EvaluationRecord): string[] {
  const { judge, heldout, truth, others = {}, components, tokens, length } = record;
  const scores: [string, number | null][] = [
    ['judge', judge],
    ['heldout', heldout],
    ['truth', truth],
    ...Object.entries(others),
    ...componentNames([record]).map((name): [string, number] => [name, components[name]!]),
  ];
  const counts: [string, number | null][] = [
    ['tokens', tokens],
    ['length', length ?? null],
  ];
  return [
    ...Object.keys(others)
      .filter((name) => Object.hasOwn(MEASURES, name))
      .map((name) => `another score is called "${name}", which is the name of a metric: rename it`),
    // What is not a number is neither below nor above.
    ...scores
      .filter(([, score]) => score !== null && !(score >= 0 && score <= 1))
      .map(([name, score]) => `expected ${name} of 0 to 1, or null where there is no verdict; got ${score}`),
    ...counts
      .filter(([, count]) => count !== null && !(count >= 0 && count < Infinity))
      .map(([name, count]) => `expected ${name} from 0, or null where it is not known; got ${count}`),
  ];
}

/** What tasks have in common and are cut by; one that a record does not name is what another record of the task names. */
function fieldsOf(records: readonly EvaluationRecord[]): [ClusterOf, Map<string, Map<string, string>>] {
  const clusters = new Map<string, string>();
  const slices = new Map<string, Map<string, string>>();
  const problems = new Set<string>();
  const put = (values: Map<string, string>, task: string, value: string, what: string): void => {
    const old = values.get(task);
    if (old !== undefined && old !== value)
      problems.add(`task "${task}" has ${what} "${old}" and "${value}": expected one`);
    values.set(task, value);
  };
  for (const { taskId, cluster, slices: own = {} } of records) {
    if (cluster !== undefined) put(clusters, taskId, cluster, 'the clusters');
    for (const [field, value] of Object.entries(own)) {
      const values = slices.get(field) ?? new Map<string, string>();
      slices.set(field, values);
      put(values, taskId, value, `the values of "${field}"`);
    }
  }
  refuse([...problems]);
  // The name of a task could be that of a cluster.
  const clusterOf = (task: string): string => {
    const cluster = clusters.get(task);
    return cluster === undefined ? `task ${task}` : `cluster ${cluster}`;
  };
  return [clusterOf, slices];
}
