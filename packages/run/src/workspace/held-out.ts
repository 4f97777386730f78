import { canonical } from '@touchstone/core';
import { InputError, type Task } from '@touchstone/spec';
import { resolve } from 'node:path';
import type { LoadedConfig } from '../config/load.js';

/**
 * Whether `data.eval` is the file that is trained on: a way to try a run out, which is told of wherever figures of its tasks stand.
 */
export const evalIsTrained = ({ config, baseDir }: Pick<LoadedConfig, 'config' | 'baseDir'>): boolean =>
  resolve(baseDir, config.data.eval) === resolve(baseDir, config.data.train);

interface TaskFile {
  /** Its path. */
  file: string;
  tasks: readonly Task[];
}

/** Tasks that an error names. */
const NAMED = 3;

/**
 * Makes sure that no task of `data.eval` is trained on: a model knows those, and what it gains there is no gain on tasks that are new to it. Two
 * tasks are the same where their messages and their references are, whatever their ids.
 *
 * @param trained the files that are trained on.
 * @throws {InputError} some are; it says how many, and names the first of them.
 */
export function assertHeldOut(evaluation: TaskFile, trained: readonly TaskFile[]): void {
  const problems = trained.flatMap(({ file, tasks }) => {
    const ids = new Map(tasks.map((task) => [contentOf(task), task.id]));
    const known = evaluation.tasks.flatMap((task) => {
      const there = ids.get(contentOf(task));
      return there === undefined
        ? []
        : [there === task.id ? `"${there}"` : `"${task.id}" ("${there}" there)`];
    });
    if (known.length === 0) return [];
    const more = known.length - NAMED;
    return {
      place: { file: evaluation.file },
      message:
        `expected tasks that are not trained on, and ${known.length} of ${evaluation.tasks.length} are in ${file} too, ` +
        `with the same messages and reference: ${known.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}. ` +
        'Take them out of one of the two files',
    };
  });
  if (problems.length > 0) throw new InputError(problems);
}

const contentOf = ({ messages, reference }: Task): string => canonical([messages, reference]);
