/** What is happening and how long it will take. One stage at a time. */
export interface Progress {
  /**
   * Starts a stage; the one before must have ended.
   *
   * @param total units of work in all, when known: only then is there a bar and a time left.
   * @param done units that an earlier run has left done; they do not count for the speed.
   */
  start(name: string, total?: number, done?: number): void;
  /** @param done units done so far, in all. @param extra a few words, such as the latest reward. */
  update(done: number, extra?: string): void;
  /** Ends the stage and leaves a line that says what it took. */
  end(extra?: string): void;
  /** Writes a line for people above the bar. */
  note(text: string): void;
  /** Stops drawing and leaves the last state standing: before an error is printed, or at the end of the program. */
  stop(): void;
}
