import type { Rollout } from '@touchstone/spec';
import type { Judged } from '../adapters/index.js';
import type { Notice, Report } from '../scoring/notice.js';
import { noticeOf } from '../scoring/score-within.js';

/** One answered request. It holds no prompt, no answer and nothing that could be a key. */
export interface RequestRecord {
  kind: 'request';
  /** Number of the request in this process. */
  request: number;
  /** The path, if there is such a path. */
  route: string;
  method: string;
  /** 499: the client hung up. */
  status: number;
  duration_ms: number;
  samples?: number;
  scored?: number;
  abstained?: number;
  failed?: number;
}

export type Counts = Pick<RequestRecord, 'samples' | 'scored' | 'abstained' | 'failed'>;

/** @param statuses of the samples of a request. */
export function countOf(statuses: readonly ('scored' | 'abstained' | 'failed')[]): Counts {
  const of = (status: string): number => statuses.filter((one) => one === status).length;
  return {
    samples: statuses.length,
    scored: of('scored'),
    abstained: of('abstained'),
    failed: of('failed'),
  };
}

/** Tells `report` of a sample that has no score. */
export function reportLacking(
  { id, rollout, outcome }: Judged,
  report: Report,
  { request, logPrompts }: { request: number; logPrompts: boolean },
): void {
  const notice = noticeOf(id, outcome);
  if (notice !== undefined)
    report({ ...notice, request, ...(logPrompts && rollout ? promptOf(rollout) : {}) });
}

export function promptOf({
  task,
  response,
}: Pick<Rollout, 'task' | 'response'>): Pick<Notice, 'messages' | 'response'> {
  return { messages: task.messages, response };
}
