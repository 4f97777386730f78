import type { Message } from '@touchstone/spec';

/**
 * Something the operator of a reward function should know. It never holds a key, and a prompt or an answer only where
 * the operator has asked for them.
 */
export interface Notice {
  kind: 'abstained' | 'failed' | 'lost-reference' | 'internal-error';
  /** Number of the request in this process. */
  request?: number;
  /** The sample it is about. */
  id?: string | number;
  /** Why the judge has no verdict. */
  reason?: string;
  detail: string;
  messages?: Message[];
  response?: string;
}

export type Report = (notice: Notice) => void;

/** Writes each notice as one JSON line on standard error. */
export const reportToStderr: Report = (notice) => void process.stderr.write(`${JSON.stringify(notice)}\n`);
