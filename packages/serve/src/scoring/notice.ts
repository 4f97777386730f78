/** Something the operator of a reward function should know; it never holds a prompt, a document or a key. */
export interface Notice {
  kind: 'abstained' | 'failed' | 'internal-error';
  /** The sample it is about. */
  id?: string | number;
  /** Why the judge has no verdict. */
  reason?: string;
  detail: string;
}

export type Report = (notice: Notice) => void;

/** Writes each notice as one JSON line on standard error. */
export const reportToStderr: Report = (notice) => void process.stderr.write(`${JSON.stringify(notice)}\n`);
