import { createHash } from 'node:crypto';
import type { Task } from '@touchstone/spec';
import { member, omit } from '../../text/json-value.js';
import type { RowTask } from './stored-answer.js';

interface Pooled {
  task: Task;
  prompt: string;
  reference: string;
  /** Fields that rows of this task do not agree on. */
  differing: Set<string>;
}

/**
 * The tasks of several files of answers: rows with the same id, or without one the same prompt and reference, are about one task. What they say
 * differently besides is of the answers, such as the trace of one, and is taken from the task: a judge that is shown it could be right by that alone.
 */
export class TaskPool {
  private readonly pooled = new Map<string, Pooled>();

  /** @returns the id of the task, or why the row cannot be about it. */
  add({ id, ...said }: RowTask): { id: string } | { problem: string } {
    const prompt = hash(said.messages);
    const reference = hash(said.reference);
    const key = id ?? `task-${hash([prompt, reference]).slice(0, 16)}`;
    const known = this.pooled.get(key);
    if (known === undefined) {
      this.pooled.set(key, { task: { id: key, ...said }, prompt, reference, differing: new Set() });
      return { id: key };
    }
    if (known.prompt !== prompt) return { problem: `the id "${key}" stands for another prompt on an earlier row` };
    if (known.reference !== reference) return { problem: `the id "${key}" stands for another reference on an earlier row` };
    const { metadata } = known.task;
    for (const name of new Set([...Object.keys(metadata), ...Object.keys(said.metadata)])) {
      if (known.differing.has(name)) continue;
      if (JSON.stringify(member(metadata, name)) !== JSON.stringify(member(said.metadata, name))) known.differing.add(name);
    }
    return { id: key };
  }

  /** The tasks with what all of their rows say, by id, in the order that they came. */
  tasks(): Map<string, Task> {
    return new Map(
      [...this.pooled].map(([id, { task, differing }]) => [
        id,
        differing.size === 0 ? task : { ...task, metadata: omit(task.metadata, [...differing]) },
      ]),
    );
  }

  /** Fields that were left out of some task. */
  leftOut(): string[] {
    return [...new Set([...this.pooled.values()].flatMap(({ differing }) => [...differing]))].sort();
  }
}

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
