import type { Readable } from 'node:stream';

/** What a command may write to and read from, so that it can be run inside a test. */
export interface Io {
  /** Results: the only thing that is ever on standard output. */
  out: { write(text: string): unknown };
  /** Progress and errors. */
  err: { write(text: string): unknown; isTTY?: boolean | undefined; columns?: number | undefined };
  /** What a person types, for the commands that ask. */
  in?: Readable;
  env: Record<string, string | undefined>;
}
