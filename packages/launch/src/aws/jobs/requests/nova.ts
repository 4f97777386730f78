import type { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { InputError } from '@touchstone/spec';
import { functionOf } from '../arns.js';
import type { MlflowRun } from '../mlflow.js';
import { jobName, type Purpose } from '../names.js';
import { s3Of } from '../storage.js';
import {
  assertHyperParameters,
  assertRole,
  assertVpc,
  type JobBase,
  type JobRequest,
  mlflowOf,
  trainingRequest,
  vpcOf,
} from './common.js';

/** The file that the container reads: the channel `recipe` is mounted there. */
export const RECIPE_FILE = 'recipe.yaml';
const RECIPE_PATH = `/opt/ml/input/data/recipe/${RECIPE_FILE}`;
/** GiB of storage of each machine: what AWS's Python SDK asks for. */
export const VOLUME_GB = 30;
const LONGEST_RUN_SECONDS = 28 * 86_400;

/** A training job of SageMaker that trains a Nova model by a recipe, or evaluates one. */
export interface NovaJob extends JobBase {
  purpose: Purpose;
  /** S3 URI of the recipe: a file named `recipe.yaml`. */
  recipeUri: string;
  /** S3 URI of the training tasks, JSON Lines; null: the recipe reads none. */
  trainUri: string | null;
  validationUri: string | null;
  /** The container, such as `708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-RFT-V2-latest`. */
  image: string;
  /** Such as `ml.p5.48xlarge`. */
  instanceType: NonNullable<NonNullable<CreateTrainingJobRequest['ResourceConfig']>['InstanceType']>;
  instanceCount: number;
  /** GiB of each machine: see `VOLUME_GB`. */
  volumeGb: number;
  /** Such as `nova-lite-2/prod`, or the S3 URI of a checkpoint to go on from. */
  baseModel: string;
  /** Null for an evaluation: its recipe names the function (`rl_env`). */
  rewardLambdaArn: string | null;
  /** Beside those above: text to text, as the container takes them. */
  hyperParameters: Readonly<Record<string, string>>;
  /** Seconds after which AWS ends the job. */
  maxRuntimeSeconds: number;
  /** What it logs to; null: nothing. */
  mlflow: MlflowRun | null;
}

/**
 * The request that starts it. What it holds is what AWS's Python SDK sends for a Nova recipe: the recipe as a channel, its path as a
 * hyperparameter, the model and the reward function as hyperparameters.
 *
 * @throws {InputError} SageMaker would refuse it.
 */
export function novaTrainingJob(job: NovaJob): JobRequest<CreateTrainingJobRequest> {
  assertRole(job.roleArn);
  assertVpc(job.vpc);
  assertPlain(job);
  const name = jobName(job.run, job.attempt, job.purpose);
  const hyperParameters = {
    ...job.hyperParameters,
    [job.baseModel.startsWith('s3://') ? 'base_model_location' : 'base_model']: job.baseModel,
    ...(job.rewardLambdaArn === null ? {} : { reward_lambda_arn: job.rewardLambdaArn }),
    sagemaker_recipe_local_path: RECIPE_PATH,
  };
  assertHyperParameters(hyperParameters);
  const encrypted = job.kmsKeyId === null ? {} : { KmsKeyId: job.kmsKeyId };
  const body: CreateTrainingJobRequest = {
    TrainingJobName: name,
    RoleArn: job.roleArn,
    AlgorithmSpecification: { TrainingImage: job.image, TrainingInputMode: 'File' },
    HyperParameters: hyperParameters,
    InputDataConfig: [
      ...(job.trainUri === null ? [] : [channel('train', job.trainUri)]),
      ...(job.validationUri === null ? [] : [channel('validation', job.validationUri)]),
      { ...channel('recipe', job.recipeUri), InputMode: 'File' },
    ],
    OutputDataConfig: { S3OutputPath: job.outputUri, ...encrypted },
    ResourceConfig: {
      InstanceType: job.instanceType,
      InstanceCount: job.instanceCount,
      VolumeSizeInGB: job.volumeGb,
      ...(job.kmsKeyId === null ? {} : { VolumeKmsKeyId: job.kmsKeyId }),
    },
    StoppingCondition: { MaxRuntimeInSeconds: job.maxRuntimeSeconds },
    TensorBoardOutputConfig: { S3OutputPath: job.outputUri },
    ...(job.vpc ? { VpcConfig: vpcOf(job.vpc) } : {}),
    ...mlflowOf(job.mlflow),
  };
  return trainingRequest(job, name, body);
}

function channel(
  name: string,
  uri: string,
): NonNullable<CreateTrainingJobRequest['InputDataConfig']>[number] {
  return {
    ChannelName: name,
    DataSource: {
      S3DataSource: { S3DataType: 'S3Prefix', S3Uri: uri, S3DataDistributionType: 'FullyReplicated' },
    },
  };
}

function assertPlain(job: NovaJob): void {
  if (job.rewardLambdaArn !== null) functionOf(job.rewardLambdaArn);
  for (const uri of [job.recipeUri, job.trainUri, job.validationUri, job.outputUri])
    if (uri !== null) s3Of(uri);
  const problems: string[] = [];
  if ((job.purpose === 'train') !== (job.rewardLambdaArn !== null))
    problems.push('a training has a reward function, and an evaluation by a recipe names it there');
  if (!job.recipeUri.endsWith(`/${RECIPE_FILE}`))
    problems.push(`${job.recipeUri}: the container looks for ${RECIPE_FILE}`);
  if (job.image.length === 0 || job.image.length > 255 || /\s/.test(job.image))
    problems.push(`${job.image}: expected the address of a container's image`);
  if (!Number.isSafeInteger(job.volumeGb) || job.volumeGb < 1)
    problems.push(`${job.volumeGb} GiB: expected a whole number, 1 or more`);
  if (!Number.isSafeInteger(job.instanceCount) || job.instanceCount < 1)
    problems.push(`${job.instanceCount} instances: expected 1 or more`);
  const { maxRuntimeSeconds: seconds } = job;
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > LONGEST_RUN_SECONDS)
    problems.push(`${seconds} s: SageMaker runs a job for 1 to ${LONGEST_RUN_SECONDS} seconds (28 days)`);
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}
