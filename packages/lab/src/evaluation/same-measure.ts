import type { NamedMeasure } from './record.js';
import type { ModelRecords } from './evaluation-input.js';

/**
 * Why answers cannot be held against one another though they have the same ids and metrics: what records say of what was asked and of who gave the
 * scores is not the same. Where records say nothing of it, nothing is known.
 */
export function comparisonProblems(
  models: readonly ModelRecords[],
  metrics: readonly NamedMeasure[],
): string[] {
  return [
    ...alikeIds(models),
    ...otherTasks(models),
    ...metrics.flatMap((metric) => [...otherJudges(models, metric), ...otherScales(models, metric)]),
  ];
}

const JUDGE_AGAIN =
  'have their answers judged together: touchstone eval with evaluation: { models: { A: { run: FOLDER, model: NAME }, B: { run: FOLDER, model: NAME } } }';

/** Ids that look the same and are not, which would be two tasks. */
function alikeIds(models: readonly ModelRecords[]): string[] {
  const seen = new Map<string, { id: string; model: string }>();
  for (const { name, trainings } of models)
    for (const { taskId } of trainings.flat()) {
      const plain = taskId.normalize('NFC').trim();
      const first = seen.get(plain);
      if (first === undefined) seen.set(plain, { id: taskId, model: name });
      else if (first.id !== taskId)
        return [
          `the task ids "${first.id}" of "${first.model}" and "${taskId}" of "${name}" differ only in how their letters are written in Unicode, or in spaces at their ends: ` +
            'expected one way to write an id (NFC is usual)',
        ];
    }
  return [];
}

/** For each pair of models and part of a task of which one id stands for two: one problem. */
function otherTasks(models: readonly ModelRecords[]): string[] {
  const seen = new Map<string, Map<string, { hash: string; model: string }>>();
  const odd = new Map<string, { part: string; names: string[]; tasks: Set<string> }>();
  for (const { name, trainings } of models)
    for (const { taskId, asked = {} } of trainings.flat()) {
      const known = seen.get(taskId) ?? new Map<string, { hash: string; model: string }>();
      seen.set(taskId, known);
      for (const [part, hash] of Object.entries(asked)) {
        const first = known.get(part);
        if (first === undefined) known.set(part, { hash, model: name });
        else if (first.hash !== hash) {
          const key = JSON.stringify([first.model, name, part]);
          const own = odd.get(key) ?? { part, names: [first.model, name], tasks: new Set<string>() };
          odd.set(key, own);
          own.tasks.add(taskId);
        }
      }
    }
  return [...odd.values()].map(({ part, names, tasks }) => {
    const [first] = tasks;
    const many = tasks.size === 1 ? 'the task' : `${tasks.size} tasks, such as`;
    return (
      `"${names[0]}" and "${names[1]}" have another ${part} under one id: ${many} "${first}". ` +
      'Models are compared on the same tasks: give other tasks other ids, or have both models answer the same ones'
    );
  });
}

/** Where `by` says on which scale the stored scores of a metric were given. */
export const scaleOf = (metric: string): string => `scale of ${metric}`;

/** What `by` says at `key`, where there is a score of the metric, each with the first model that has it. */
function saidBy(
  models: readonly ModelRecords[],
  key: string,
  measure: NamedMeasure['measure'],
): Map<string, string> {
  const said = new Map<string, string>();
  for (const { name, trainings } of models)
    for (const record of trainings.flat()) {
      const by = record.by && Object.hasOwn(record.by, key) ? record.by[key] : undefined;
      if (by !== undefined && measure(record) !== null && !said.has(by)) said.set(by, name);
    }
  return said;
}

/** A metric whose scores are by several judges. */
function otherJudges(models: readonly ModelRecords[], { name: metric, measure }: NamedMeasure): string[] {
  const judges = saidBy(models, metric, measure);
  if (judges.size < 2) return [];
  const who = [...judges].map(([by, model]) => `of "${model}" by ${by}`).join(', ');
  return [
    `${metric} is not by the same judge, with the same rules before it (${who}): a difference would be that of the judges too; ${JUDGE_AGAIN}`,
  ];
}

/** A metric whose scores were brought to 0–1 from several scales. */
function otherScales(models: readonly ModelRecords[], { name: metric, measure }: NamedMeasure): string[] {
  const scales = saidBy(models, scaleOf(metric), measure);
  if (scales.size < 2) return [];
  const which = [...scales].map(([scale, model]) => `of "${model}" from ${scale}`).join(', ');
  return [
    `${metric} was brought to 0–1 from other scales (${which}): a difference would be that of the scales; expected one for both in evaluation.scales`,
  ];
}
