import type { CreateTrainingJobRequest } from '@aws-sdk/client-sagemaker';
import { InputError } from '@touchstone/spec';
import type { MlflowRun } from '../mlflow.js';
import { jobName } from '../names.js';
import { s3Of } from '../storage.js';
import {
  assertHyperParameters,
  assertRole,
  assertVpc,
  type JobBase,
  type JobRequest,
  LONGEST_SERVERLESS_VALUE,
  mlflowOf,
  trainingRequest,
  vpcOf,
} from './common.js';

/** A serverless training job of SageMaker: no machines are named. */
export interface ServerlessJob extends JobBase {
  /** Of a hub: `arn:aws:sagemaker:REGION:aws:hub-content/SageMakerPublicHub/Model/NAME/VERSION`. */
  baseModelArn: string;
  /** The model's licence is accepted in the user's name. */
  acceptEula: boolean;
  /** Of a hub, not of the function: see `evaluatorContent`. */
  evaluatorArn: string;
  /** Of a hub: see `dataSetContent`. */
  trainArn: string;
  validationArn: string | null;
  modelPackageGroupArn: string;
  /** To go on from; null: the base model. */
  sourceModelPackageArn: string | null;
  hyperParameters: Readonly<Record<string, string>>;
  mlflow: MlflowRun | null;
  maxRuntimeSeconds: number;
}

const HUB_CONTENT =
  /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:(\d{12}|aws):hub-content\/[\w-]+\/(Model|JsonDoc|DataSet)\/[\w-]+(\/\d+\.\d+\.\d+)?$/;

/**
 * The request that starts it: RLVR with LoRA, the one technique that takes a Lambda function for a Nova model.
 *
 * @throws {InputError} SageMaker would refuse it.
 */
export function serverlessTrainingJob(job: ServerlessJob): JobRequest<CreateTrainingJobRequest> {
  assertRole(job.roleArn);
  assertVpc(job.vpc);
  assertHyperParameters(job.hyperParameters, LONGEST_SERVERLESS_VALUE);
  s3Of(job.outputUri);
  assertContent(job);
  const name = jobName(job.run, job.attempt);
  const body: CreateTrainingJobRequest = {
    TrainingJobName: name,
    RoleArn: job.roleArn,
    HyperParameters: { ...job.hyperParameters },
    ServerlessJobConfig: {
      BaseModelArn: job.baseModelArn,
      AcceptEula: job.acceptEula,
      JobType: 'FineTuning',
      CustomizationTechnique: 'RLVR',
      Peft: 'LORA',
      EvaluatorArn: job.evaluatorArn,
    },
    ModelPackageConfig: {
      ModelPackageGroupArn: job.modelPackageGroupArn,
      ...(job.sourceModelPackageArn === null ? {} : { SourceModelPackageArn: job.sourceModelPackageArn }),
    },
    InputDataConfig: [
      channel('train', job.trainArn),
      ...(job.validationArn === null ? [] : [channel('validation', job.validationArn)]),
    ],
    OutputDataConfig: {
      S3OutputPath: job.outputUri,
      CompressionType: 'NONE',
      ...(job.kmsKeyId === null ? {} : { KmsKeyId: job.kmsKeyId }),
    },
    StoppingCondition: { MaxRuntimeInSeconds: job.maxRuntimeSeconds },
    ...(job.vpc ? { VpcConfig: vpcOf(job.vpc) } : {}),
    ...mlflowOf(job.mlflow),
  };
  return trainingRequest(job, name, body);
}

function channel(
  name: string,
  arn: string,
): NonNullable<CreateTrainingJobRequest['InputDataConfig']>[number] {
  return {
    ChannelName: name,
    DataSource: { DatasetSource: { DatasetArn: arn } },
    CompressionType: 'None',
    RecordWrapperType: 'None',
  };
}

function assertContent(job: ServerlessJob): void {
  const wanted: [string, 'Model' | 'JsonDoc' | 'DataSet'][] = [
    [job.baseModelArn, 'Model'],
    [job.evaluatorArn, 'JsonDoc'],
    [job.trainArn, 'DataSet'],
    ...(job.validationArn === null ? [] : [[job.validationArn, 'DataSet'] as [string, 'DataSet']]),
  ];
  const problems = wanted
    .filter(([arn, type]) => HUB_CONTENT.exec(arn)?.[2] !== type)
    .map(([arn, type]) => `${arn}: expected the ARN of a hub's content of type ${type}`);
  if (!/^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package-group\/\S+$/.test(job.modelPackageGroupArn))
    problems.push(`${job.modelPackageGroupArn}: expected the ARN of a model package group`);
  if (!job.acceptEula)
    problems.push(
      'a serverless job wants the licence of the model accepted: read it, then set training.aws.accept_eula to true',
    );
  if (!Number.isSafeInteger(job.maxRuntimeSeconds) || job.maxRuntimeSeconds < 1)
    problems.push(`${job.maxRuntimeSeconds} s: expected a whole number of seconds, 1 or more`);
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}
