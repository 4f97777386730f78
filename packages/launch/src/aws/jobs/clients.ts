import type { Bedrock } from '@aws-sdk/client-bedrock';
import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { IAM } from '@aws-sdk/client-iam';
import type { Lambda } from '@aws-sdk/client-lambda';
import type { S3 } from '@aws-sdk/client-s3';
import type { SageMaker } from '@aws-sdk/client-sagemaker';
import type { STS } from '@aws-sdk/client-sts';
import { type Partition, partitionOf } from './arns.js';

/** A request that has no answer after so long is given up, and tried again. */
const REPLY_MS = 120_000;
/** Lambda runs a function for 900 seconds at most. */
const FUNCTION_MS = 930_000;
const CONNECT_MS = 10_000;
const ATTEMPTS = 6;

/**
 * AWS's services of one region, each loaded when it is first asked for: nothing else in Touchstone loads them. Who asks, the default
 * credential chain says (variables, profile, SSO, the machine's role); where, `AWS_ENDPOINT_URL` and those of single services may.
 */
export interface AwsClients {
  readonly region: string;
  readonly partition: Partition;
  sagemaker(): Promise<SageMaker>;
  bedrock(): Promise<Bedrock>;
  s3(): Promise<S3>;
  lambda(): Promise<Lambda>;
  logs(): Promise<CloudWatchLogs>;
  iam(): Promise<IAM>;
  sts(): Promise<STS>;
  /** Lets go of open connections. */
  close(): void;
}

/** @throws {InputError} no region's name. */
export function awsClients(region: string): AwsClients {
  // Its advice to update Node for newer versions of it: this one is chosen here, and runs on every Node that Touchstone takes.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const open: { destroy(): void }[] = [];
  // The SDK's own retries, which slow down where AWS says that it is asked too often.
  const settings = (requestTimeout = REPLY_MS) => ({
    region,
    retryMode: 'adaptive',
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout },
  });
  const lazy = <T extends { destroy(): void }>(load: () => Promise<T>): (() => Promise<T>) => {
    let loaded: Promise<T> | undefined;
    return () =>
      (loaded ??= load().then((client) => {
        open.push(client);
        return client;
      }));
  };
  return {
    region,
    partition: partitionOf(region),
    sagemaker: lazy(async () => new (await import('@aws-sdk/client-sagemaker')).SageMaker(settings())),
    bedrock: lazy(async () => new (await import('@aws-sdk/client-bedrock')).Bedrock(settings())),
    s3: lazy(async () => {
      const { S3 } = await import('@aws-sdk/client-s3');
      const elsewhere = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL'];
      // A server at an address has no name for each bucket.
      return new S3({ ...settings(), forcePathStyle: elsewhere !== undefined });
    }),
    lambda: lazy(async () => new (await import('@aws-sdk/client-lambda')).Lambda(settings(FUNCTION_MS))),
    logs: lazy(async () => new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogs(settings())),
    iam: lazy(async () => new (await import('@aws-sdk/client-iam')).IAM(settings())),
    sts: lazy(async () => new (await import('@aws-sdk/client-sts')).STS(settings())),
    close() {
      for (const client of open.splice(0)) client.destroy();
    },
  };
}
