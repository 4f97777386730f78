import type { TrainingJob } from '@touchstone/run';
import { jsonLines } from '../../job-files.js';

/**
 * The training tasks in the format that AWS validates: each task's id, messages, reference and metadata, and not its truth, which never
 * leaves this process. AWS shuffles them itself.
 */
export function trainingLines({ workspace: { data } }: Pick<TrainingJob, 'workspace'>): string {
  return [
    ...jsonLines(
      data.train.map(({ id, messages, reference, metadata }) => ({
        id,
        messages,
        ...(reference === undefined || reference === null ? {} : { reference_answer: reference }),
        ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
      })),
    ),
  ].join('');
}
