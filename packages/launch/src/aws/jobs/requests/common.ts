import type { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { InputError } from '@touchstone/spec';
import type { MlflowRun } from '../mlflow.js';
import { inputsHash, tagsOf } from '../names.js';

/** What every job of a run is made from. */
export interface JobBase {
  /** The run's id, and the number of the attempt from 1: the job's name is made of them. */
  run: string;
  attempt: number;
  /** The role that the job takes on: `arn:aws:iam::ACCOUNT:role/NAME`. */
  roleArn: string;
  /** Where it writes: the folder of all jobs, see `outputUri`. */
  outputUri: string;
  /** The key that AWS encrypts what comes out with; null: the service's own. */
  kmsKeyId: string | null;
  /** Null: the service's own network. */
  vpc: Vpc | null;
  /** Beside ours. */
  tags: Readonly<Record<string, string>>;
}

/** Both lists have an entry at least. */
export interface Vpc {
  subnetIds: readonly string[];
  securityGroupIds: readonly string[];
}

/** A request that can be sent, and what finds its job again. */
export interface JobRequest<Body> {
  name: string;
  /** Hash of the body without its tags and token. */
  inputs: string;
  run: string;
  body: Body;
}

/** Tags as SageMaker has them. */
export const upperTags = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** Tags as Bedrock has them. */
export const lowerTags = (tags: Readonly<Record<string, string>>): { key: string; value: string }[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

/** A VPC as SageMaker has it. */
export const vpcOf = ({ subnetIds, securityGroupIds }: Vpc) => ({
  SecurityGroupIds: [...securityGroupIds],
  Subnets: [...subnetIds],
});

/** What a training job logs to, as SageMaker has it. */
export const mlflowOf = (run: MlflowRun | null): Pick<CreateTrainingJobRequest, 'MlflowConfig'> =>
  run === null
    ? {}
    : {
        MlflowConfig: {
          MlflowResourceArn: run.serverArn,
          MlflowExperimentName: run.experiment,
          MlflowRunName: run.name,
        },
      };

/** The request of a training job, by recipe or serverless, with its tags. */
export function trainingRequest(
  { run, tags }: Pick<JobBase, 'run' | 'tags'>,
  name: string,
  body: CreateTrainingJobRequest,
): JobRequest<CreateTrainingJobRequest> {
  const inputs = inputsHash(body);
  return { name, inputs, run, body: { ...body, Tags: upperTags(tagsOf(run, inputs, tags)) } };
}

/** @throws {InputError} naming each that is not a role. */
export function assertRole(arn: string): void {
  if (/^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(arn)) return;
  throw new InputError([
    {
      message: `${arn}: expected the ARN of a role, such as arn:aws:iam::123456789012:role/touchstone-training`,
    },
  ]);
}

/** @throws {InputError} a list is empty or too long. */
export function assertVpc(vpc: Vpc | null): void {
  if (!vpc) return;
  const { subnetIds, securityGroupIds } = vpc;
  if (
    subnetIds.length >= 1 &&
    subnetIds.length <= 16 &&
    securityGroupIds.length >= 1 &&
    securityGroupIds.length <= 5
  )
    return;
  throw new InputError([
    {
      message: `a VPC needs 1 to 16 subnets and 1 to 5 security groups; it has ${subnetIds.length} and ${securityGroupIds.length}`,
    },
  ]);
}

/** Most hyperparameters of a training job, and the most characters of a value. */
const MOST_PARAMETERS = 100;
const LONGEST_VALUE = 2500;
/** What the documentation of serverless jobs says; the service's model takes more. */
export const LONGEST_SERVERLESS_VALUE = 256;

/** @throws {InputError} SageMaker would refuse them. */
export function assertHyperParameters(
  values: Readonly<Record<string, string>>,
  longest = LONGEST_VALUE,
): void {
  const long = Object.entries(values).filter(
    ([key, value]) => key.length > 256 || value.length > longest || /[\n\r]/.test(key + value),
  );
  if (long.length === 0 && Object.keys(values).length <= MOST_PARAMETERS) return;
  throw new InputError(
    long.length > 0
      ? long.map(([key]) => ({
          message: `hyperparameter ${key}: a value has one line of at most ${longest} characters`,
        }))
      : [{ message: `${Object.keys(values).length} hyperparameters; SageMaker takes ${MOST_PARAMETERS}` }],
  );
}
