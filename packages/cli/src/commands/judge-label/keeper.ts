import type { Labelling } from '@touchstone/run';

/** Keeps `labels.jsonl` up to date while somebody labels, who does not wait for it: one write at a time, and one after the last label. */
export class Keeper {
  private writing: Promise<void> | undefined;
  private isStale = false;
  private problem: { error: unknown } | undefined;

  /** @param onProblem it cannot be written; `settled` throws why. */
  constructor(
    private readonly labelling: Labelling,
    private readonly onProblem: () => void,
  ) {}

  /** Called when a label was given. */
  keep(): void {
    this.isStale = true;
    this.writing ??= this.write().finally(() => (this.writing = undefined));
  }

  private async write(): Promise<void> {
    try {
      while (this.isStale) {
        this.isStale = false;
        await this.labelling.write();
      }
    } catch (error) {
      this.problem = { error };
      this.onProblem();
    }
  }

  /** @throws what writing threw. */
  async settled(): Promise<void> {
    await this.writing;
    if (this.problem) throw this.problem.error;
  }
}
