import type { Rollout } from '@touchstone/spec';
import { isBlank } from '../text/answer.js';

/**
 * An answer as a judge is shown it: what was done with tools comes first, under headings that nothing in it can pass for, since its
 * lines are indented; the response comes last. An answer without tools is its response alone.
 */
export function asShown<T extends Pick<Rollout, 'response' | 'trajectory'>>(answer: T): T {
  const { trajectory, response } = answer;
  if (trajectory === undefined) return answer;
  return { ...answer, response: `${trajectory}\nFinal answer:\n${isBlank(response) ? '(none)' : response}` };
}
