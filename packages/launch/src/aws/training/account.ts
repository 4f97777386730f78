import type { Config, TrainingJob } from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import {
  type Access,
  type JobBase,
  type MlflowRun,
  mlflowServer,
  outputUri,
  type Storage,
  storageOf,
} from '../jobs/index.js';

/** `training.aws` of a configuration. */
export type Account = NonNullable<Config['training']['aws']>;

/** @throws {InputError} the configuration names no account. */
export function accountOf({ workspace }: Pick<TrainingJob, 'workspace'>): Account {
  const { aws, backend } = workspace.config.training;
  if (aws) return aws;
  throw new InputError([{ message: `training.aws: expected the account that ${backend} trains in` }]);
}

/** The role that the job takes on. @throws {InputError} none is named. */
export function roleOf({ role }: Pick<Account, 'role'>): string {
  if (role !== undefined) return role;
  throw new InputError([
    {
      message:
        'training.aws.role: expected the role that the job takes on, such as arn:aws:iam::123456789012:role/touchstone-training; the plan writes its policies',
    },
  ]);
}

/** The number of the account, which its role has in its ARN. @throws {InputError} it has none. */
export function numberOf(account: Pick<Account, 'role'>): string {
  const role = roleOf(account);
  const number = /^arn:[\w-]+:iam::(\d{12}):/.exec(role)?.[1];
  if (number !== undefined) return number;
  throw new InputError([
    {
      message: `training.aws.role is ${role}: expected arn:aws:iam::ACCOUNT:role/NAME, ACCOUNT of 12 digits`,
    },
  ]);
}

/** Where the job's files are. @throws {InputError} nothing says so. */
export function storageIn({ storage, kms_key }: Account): Storage {
  if (storage !== undefined) return storageOf(storage, kms_key ?? null);
  throw new InputError([
    { message: 'training.aws.storage: expected where data and results go, such as s3://my-bucket/my-case' },
  ]);
}

/** The experiment that runs of MLflow are in, and other things that runs share. */
export const SHARED = 'touchstone';

/** The run of MLflow that a job logs to; null: none. @throws {InputError} no server's ARN. */
export function mlflowRun({ mlflow }: Account, name: string): MlflowRun | null {
  if (mlflow === undefined) return null;
  mlflowServer(mlflow);
  return { serverArn: mlflow, experiment: SHARED, name };
}

/** What the requests of all services have. */
export function baseOf(
  { run, certificate }: Pick<TrainingJob, 'run' | 'certificate'>,
  account: Account,
  attempt: number,
): JobBase {
  const { kms_key, vpc } = account;
  return {
    run,
    attempt,
    roleArn: roleOf(account),
    outputUri: outputUri(storageIn(account)),
    kmsKeyId: kms_key ?? null,
    vpc: vpc ? { subnetIds: vpc.subnets, securityGroupIds: vpc.security_groups } : null,
    tags: tagsWith(certificate, account),
  };
}

/** The user's tags, and which examination of the judge all that is made stands on. */
export const tagsWith = (
  certificate: string | null,
  { tags }: Pick<Account, 'tags'>,
): Record<string, string> => ({
  ...tags,
  ...(certificate === null ? {} : { 'touchstone:certificate': certificate }),
});

/** What the job touches: for its policies. */
export const accessOf = (
  account: Account,
  service: Access['service'],
  functionArn: string,
  more: Partial<Pick<Access, 'image' | 'hub' | 'modelPackageGroup'>> = {},
): Access => ({
  service,
  region: account.region,
  account: numberOf(account),
  functionArn,
  storage: storageIn(account),
  kmsKeyArn: account.kms_key ?? null,
  hasVpc: account.vpc !== undefined,
  mlflowArn: account.mlflow ?? null,
  image: null,
  hub: null,
  modelPackageGroup: null,
  ...more,
});

/** Seconds after which AWS ends the job. */
export const longestSeconds = ({ max_hours }: Account): number => Math.round(max_hours * 3600);
