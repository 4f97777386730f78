import { createHash } from 'node:crypto';
import type { Task } from '@touchstone/spec';
import { member, omit } from '../../text/json-value.js';
import type { RowTask } from './stored-answer.js';

interface Pooled {
  task: Task;
  prompt: string;
  reference: string;
  /** It has an id of its own, or is read from a file of tasks. */
  isNamed: boolean;
  /** It is known whole: what rows of answers say of it changes nothing. */
  isWhole: boolean;
  /** Fields that rows of this task do not agree on. */
  differing: Set<string>;
}

/**
 * The tasks of several files: rows with the same id, or without one the same prompt and reference, are about one task. What they say
 * differently besides is of the answers, such as the trace of one, and is taken from the task: a judge that is shown it could be right by that alone.
 */
export class TaskPool {
  private readonly pooled = new Map<string, Pooled>();

  /** A task of a file of tasks, which is as it stands there. @returns why it cannot be, where it cannot. */
  know(task: Task): { problem?: string } {
    const added = this.put(task, true);
    return 'problem' in added ? added : {};
  }

  /** @returns the key of the row's task, or why the row cannot be about it. */
  add(task: RowTask): { key: string } | { problem: string } {
    return this.put(task, false);
  }

  private put({ id, ...said }: RowTask, isWhole: boolean): { key: string } | { problem: string } {
    const prompt = hash(said.messages);
    const reference = hash(said.reference);
    const key = id ?? `task-${hash([prompt, reference]).slice(0, 16)}`;
    const known = this.pooled.get(key);
    if (known === undefined) {
      const task = { id: key, ...said };
      this.pooled.set(key, {
        task,
        prompt,
        reference,
        isNamed: id !== undefined,
        isWhole,
        differing: new Set(),
      });
      return { key };
    }
    if (known.prompt !== prompt) return { problem: `the task "${key}" has another prompt elsewhere` };
    if (said.reference !== null && known.reference !== reference)
      return { problem: `the task "${key}" has another reference elsewhere` };
    if (isWhole) this.pooled.set(key, { ...known, task: { id: key, ...said }, reference, isWhole });
    if (isWhole || known.isWhole) return { key };
    const { metadata } = known.task;
    for (const name of new Set([...Object.keys(metadata), ...Object.keys(said.metadata)])) {
      if (known.differing.has(name)) continue;
      const same = JSON.stringify(member(metadata, name)) === JSON.stringify(member(said.metadata, name));
      if (!same) known.differing.add(name);
    }
    return { key };
  }

  /**
   * The tasks by key, with what all of their rows say. One without an id is that of the only task with an id that asks the same, where it
   * states no other reference.
   */
  tasks(): Map<string, Task> {
    const named = new Map<string, Pooled[]>();
    for (const one of this.pooled.values())
      if (one.isNamed) named.set(one.prompt, [...(named.get(one.prompt) ?? []), one]);
    const meant = (one: Pooled): Pooled => {
      const [same, ...others] = one.isNamed ? [] : (named.get(one.prompt) ?? []);
      if (same === undefined || others.length > 0) return one;
      return one.task.reference === null || one.reference === same.reference ? same : one;
    };
    return new Map(
      [...this.pooled].map(([key, one]) => {
        const { task, differing, isWhole } = meant(one);
        return [
          key,
          isWhole || differing.size === 0 ? task : { ...task, metadata: omit(task.metadata, [...differing]) },
        ];
      }),
    );
  }

  /** Fields that were left out of some task. */
  leftOut(): string[] {
    const kept = [...this.pooled.values()].filter(({ isWhole }) => !isWhole);
    return [...new Set(kept.flatMap(({ differing }) => [...differing]))].sort();
  }
}

const hash = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');
