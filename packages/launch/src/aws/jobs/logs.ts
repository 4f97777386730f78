import type { AwsClients } from './clients.js';
import { AwsError, asking, orNull } from './errors.js';
import type { JobState } from './job.js';
import { LogSteps } from './metrics/log-steps.js';
import type { JobStep } from './metrics/log-line.js';

/** Where SageMaker keeps what a training job prints: a stream for each of its machines, whose name begins with the job's. */
export const LOG_GROUP = '/aws/sagemaker/TrainingJobs';

interface Stream {
  reader: LogSteps;
  token: string | undefined;
}

/** Reads the steps of a job from its log, where it stopped the last time. */
export class JobLogs {
  private readonly streams = new Map<string, Stream>();
  /** Read, and not given away: a later request of the same round has failed. */
  private pending: JobStep[] = [];

  constructor(
    private readonly clients: Pick<AwsClients, 'logs'>,
    private readonly job: string,
  ) {}

  /** @param ended null: more may come. @throws {AwsError} the log may not be read. A log that is not there yet is empty. */
  async read(ended: JobState | null): Promise<JobStep[]> {
    await this.lookForStreams();
    for (const [name, stream] of this.streams) await this.readOn(name, stream);
    if (ended) {
      const completed = ended.state === 'completed';
      this.pending = [
        ...this.pending,
        ...[...this.streams.values()].flatMap(({ reader }) => reader.end(completed)),
      ];
    }
    return this.pending.splice(0);
  }

  private async lookForStreams(): Promise<void> {
    const logs = await this.clients.logs();
    let token: string | undefined;
    do {
      const page = await orNull(
        asking(`look for the log of ${this.job}`, () =>
          logs.describeLogStreams({
            logGroupName: LOG_GROUP,
            logStreamNamePrefix: `${this.job}/`,
            ...(token === undefined ? {} : { nextToken: token }),
          }),
        ),
      );
      for (const { logStreamName } of page?.logStreams ?? []) {
        if (logStreamName !== undefined && !this.streams.has(logStreamName))
          this.streams.set(logStreamName, { reader: new LogSteps(), token: undefined });
      }
      token = page?.nextToken;
    } while (token !== undefined);
  }

  private async readOn(name: string, stream: Stream): Promise<void> {
    const logs = await this.clients.logs();
    for (;;) {
      const { token } = stream;
      const page = await asking(`read the log ${name}`, () =>
        logs.getLogEvents({
          logGroupName: LOG_GROUP,
          logStreamName: name,
          startFromHead: true,
          ...(token === undefined ? {} : { nextToken: token }),
        }),
      ).catch((error: unknown) => {
        if (token === undefined || !isWrong(error)) throw error;
        // A place in a log is kept for a day, which a job may wait: steps that are read again are known.
        return null;
      });
      if (!page) {
        Object.assign(stream, { reader: new LogSteps(), token: undefined });
        continue;
      }
      const { events, nextForwardToken } = page;
      const steps = (events ?? []).flatMap(({ message }) => stream.reader.push(message ?? ''));
      this.pending = [...this.pending, ...steps];
      stream.token = nextForwardToken ?? token;
      // The same token again: this was the end for now. A page may be empty before it.
      if (nextForwardToken === undefined || nextForwardToken === token) return;
    }
  }
}

const isWrong = (error: unknown): boolean =>
  error instanceof AwsError && error.code === 'InvalidParameterException';
