/** A process that trains, on this machine or another; it outlives a command that is killed. */
export interface Worker {
  /** For people, such as `process 4711`. */
  readonly name: string;
  /**
   * Whether it is at work or waits for its turn. One that has answered no is not asked again.
   *
   * @throws {RunError} nobody can say, for too long.
   */
  isAlive(): Promise<boolean>;
  /**
   * Ends it and all that it has started; where that cannot be done, it says so to whoever watches the run.
   *
   * @param patienceMs it may take so long to end by itself.
   */
  end(patienceMs: number): Promise<void>;
  /** How it ended and what it wrote last, in a line. */
  lastWords(): Promise<string>;
}

/** What a worker is to run. */
export interface Command {
  /** Where it works and finds its files. */
  folder: string;
  /** A name that is on the PATH there, or a path. */
  program: string;
  args: readonly string[];
  /** What it is told, beside what the machine has in its environment. */
  env: Readonly<Record<string, string>>;
  /** The file that takes what it prints; it is appended to. */
  log: string;
}

/** The name of a worker's log for each time that it was started. */
export const logFile = (attempt: number): string => `log-${attempt}.txt`;

const LAST_LINES = 5;

/** The end of what a program has written, in a line. */
export const lastLines = (text: string): string =>
  text.trim().split('\n').slice(-LAST_LINES).join(' / ') || 'nothing';
