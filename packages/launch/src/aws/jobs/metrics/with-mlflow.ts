import { AwsError } from '../errors.js';
import type { JobState } from '../job.js';
import type { MlflowSteps } from '../mlflow.js';
import { type JobStep, secondsOf } from './log-line.js';

/**
 * The steps of a job's log, with what MLflow knows of them beside. The log is first: it is this job's by its name, what it has printed stays, and
 * a run of MLflow is found by a name that others may write to. MLflow fills what a log has lost: a line that was cut, a step, a figure. A
 * server that cannot be asked is told once, and costs nothing else.
 */
export class StepsWithMlflow {
  private readonly logged = new Map<number, JobStep>();
  private told: ReadonlyMap<number, JobStep> = new Map();
  private isMissed = false;

  constructor(
    private readonly log: { read(ended: JobState | null): Promise<JobStep[]> },
    private readonly mlflow: Pick<MlflowSteps, 'read'>,
    private readonly alarm: (text: string) => void,
  ) {}

  /** All steps so far, each with what is known of it now. */
  async read(ended: JobState | null): Promise<JobStep[]> {
    for (const step of await this.log.read(ended)) this.logged.set(step.step, step);
    try {
      this.told = new Map((await this.mlflow.read()).map((step) => [step.step, step]));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (!this.isMissed)
        this.alarm(`${error.message}. The job's log is read without it, and MLflow is asked again`);
      this.isMissed = true;
    }
    const numbers = [...new Set([...this.logged.keys(), ...this.told.keys()])].toSorted((a, b) => a - b);
    return numbers.map((step) => {
      const metrics = { ...this.told.get(step)?.metrics, ...this.logged.get(step)?.metrics };
      return { step, metrics, seconds: this.logged.get(step)?.seconds ?? secondsOf(metrics) };
    });
  }
}
