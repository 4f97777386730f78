import { createHash } from 'node:crypto';
import type { Rollout } from '@touchstone/spec';

/** The key of a group within a server: its name, or else a hash of the task that its answers share. */
export function groupKey(run: string | undefined, name: string | undefined, { task }: Rollout): string {
  return JSON.stringify(
    name === undefined
      ? [run ?? null, 'prompt', sha256(JSON.stringify([task.messages, task.reference, task.metadata]))]
      : [run ?? null, 'group', name],
  );
}

/** The same for an answer and for the same answer sent again. */
export function answerKey(group: string, { response }: Rollout): string {
  return `${group} ${sha256(response)}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
