import type { Task } from '@touchstone/spec';
import type { ScoringConfig } from './schema.js';

type WithParts = Partial<Pick<ScoringConfig, 'judge' | 'heldout_judge' | 'reward' | 'evaluation'>>;

/** Fields of a task's metadata that the configuration names, as `metadata.expected`: there they are meant as they stand. */
export function fieldsNamed({ judge, heldout_judge, reward, evaluation }: WithParts): ReadonlySet<string> {
  const text = JSON.stringify([judge, heldout_judge, reward, evaluation]);
  return new Set([...text.matchAll(/\bmetadata\.([\w-]+)/g)].map(([, name]) => name!));
}

/** Whether what judges are told speaks of the task's reference: a question, the objective, a prompt or its inputs. */
function speakOfReference(judges: readonly unknown[]): boolean {
  return judges.some((part): boolean => {
    if (typeof part === 'string') return /(?<![-\w])reference(s|\.\w+)?\b/i.test(part);
    return typeof part === 'object' && part !== null && speakOfReference(Object.values(part));
  });
}

/** What to say where judges are told to look at a reference and no task has one; undefined where all is well. */
export function missingReference(
  { judge, heldout_judge }: WithParts,
  tasks: readonly Pick<Task, 'reference'>[],
): string | undefined {
  if (tasks.length === 0 || tasks.some(({ reference }) => reference !== null)) return undefined;
  if (!speakOfReference([judge, heldout_judge])) return undefined;
  return 'The judge is told of a reference, and no task has one: it sees none. Write it as reference_answer in the data files';
}
