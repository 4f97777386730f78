/** A number that a run measures. What draws metrics reads this; what a file holds beyond it is shown under its own name. */
export interface Metric {
  /** Its key in the `metrics` of `summary.json`. */
  name: string;
  /** What it is measured of: a model on the held-out tasks, a training step, or the judge over the whole run. */
  of: 'model' | 'step' | 'judge';
  label: string;
  /** What it counts; null for scores and shares of 0–1 and for plain numbers. */
  unit: string | null;
  /** Which way is better. */
  better: 'higher' | 'lower' | 'neither';
  /** What it means, in a sentence. */
  about: string;
  /** Its column in the short table that a run ends with; the report draws a chart of it too. Absent: in full tables only. */
  headline?: string;
}
