import { AwsSimulator, RequestChecker, WITHOUT_BOTOCORE, type SimulatedJob } from '@touchstone/testing';
import { type AwsClients, awsClients, type Waiting } from './index.js';

/** Jobs are looked at often: nothing here takes long. */
export const QUICK: Waiting = { pace: { firstMs: 2, mostMs: 20, patienceMs: 60_000, settleMs: 1 } };

/** A simulator in AWS's place, for this process too. */
export interface Simulated {
  aws: AwsSimulator;
  clients: AwsClients;
  /** Puts everything back. @throws {Error} a request was none that AWS takes. */
  close(): Promise<void>;
}

/** Holds requests against botocore's models, where that is here; one for a file of tests: it takes a second to start. */
export const checkerHere = (): RequestChecker | undefined =>
  WITHOUT_BOTOCORE === undefined ? new RequestChecker() : undefined;

export async function simulated(
  checker: RequestChecker | undefined,
  onJob: (job: SimulatedJob) => void = () => {},
): Promise<Simulated> {
  const aws = await AwsSimulator.start({ onJob, ...(checker ? { checker } : {}) });
  const before = Object.keys(aws.env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, aws.env);
  const clients = awsClients('us-east-1');
  return {
    aws,
    clients,
    async close() {
      clients.close();
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      await aws.close();
      if (aws.wrong.length > 0) throw new Error(`AWS would not take: ${aws.wrong.join('\n')}`);
    },
  };
}
