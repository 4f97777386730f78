import { mistakenReference, type Meant } from '@touchstone/core';
import type { Rollout } from '@touchstone/spec';
import type { Report } from './notice.js';

/**
 * Tells, once of each wire and field, of a sample without a reference that has a field which looks like one: no judge sees it there, and scores are
 * plausible all the same. A trainer's own wire is not refused for it, since whoever sends it cannot mend a line.
 *
 * @param meant fields that the configuration names: they are meant as they stand.
 */
export function createReferenceWatch(
  meant: Meant,
  report: Report,
): (wire: string, rollout: Pick<Rollout, 'id' | 'task'> | null) => void {
  const told = new Set<string>();
  return (wire, rollout) => {
    if (rollout === null || rollout.task.reference !== null) return;
    const field = mistakenReference(rollout.task.metadata, meant);
    const key = JSON.stringify([wire, field]);
    if (field === undefined || told.has(key)) return;
    told.add(key);
    report({
      kind: 'lost-reference',
      id: rollout.id,
      detail:
        `samples of the wire ${wire} have no reference, and a field "${field}" that looks like one: no judge is shown it. ` +
        `Name it reference_answer, or metadata.${field} in the configuration where it is meant as it stands`,
    });
  };
}
