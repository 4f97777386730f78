import type {
  CreateCustomModelDeploymentRequest,
  CreateCustomModelRequest,
  CreateModelCustomizationJobRequest,
  RFTHyperParameters,
} from '@aws-sdk/client-bedrock';
import { InputError } from '@touchstone/spec';
import { functionOf } from '../arns.js';
import { awsName, clientToken, inputsHash, jobName, tagsOf } from '../names.js';
import { s3Of } from '../storage.js';
import { assertRole, assertVpc, type JobBase, type JobRequest, lowerTags } from './common.js';

/** A customization job of Bedrock that trains a Nova model by rewards. */
export interface BedrockRftJob extends JobBase {
  /** The ARN of a base model, or of a custom model to go on from. */
  baseModel: string;
  trainUri: string;
  /** Bedrock takes none for Nova 2 Lite. */
  validationUri: string | null;
  rewardLambdaArn: string;
  /** What is left out Bedrock chooses. */
  hyperParameters: Readonly<RFTHyperParameters>;
}

const RANGES = {
  epochCount: [1, 50],
  batchSize: [16, 512],
  learningRate: [1e-7, 1e-3],
  trainingSamplePerPrompt: [2, 16],
  evalInterval: [1, 100],
  maxPromptLength: [1, Infinity],
  inferenceMaxTokens: [1, Infinity],
} as const satisfies Partial<Record<keyof RFTHyperParameters, readonly [number, number]>>;

/** The request that starts it. @throws {InputError} Bedrock would refuse it. */
export function bedrockRftJob(job: BedrockRftJob): JobRequest<CreateModelCustomizationJobRequest> {
  assertRole(job.roleArn);
  assertVpc(job.vpc);
  functionOf(job.rewardLambdaArn);
  for (const uri of [job.trainUri, job.validationUri, job.outputUri]) if (uri !== null) s3Of(uri);
  assertRanges(job);
  const name = jobName(job.run, job.attempt);
  const outputs = `${job.outputUri.replace(/\/+$/, '')}/${name}/`;
  const unnamed: Omit<CreateModelCustomizationJobRequest, 'jobName' | 'customModelName'> = {
    roleArn: job.roleArn,
    baseModelIdentifier: job.baseModel,
    customizationType: 'REINFORCEMENT_FINE_TUNING',
    trainingDataConfig: { s3Uri: job.trainUri },
    ...(job.validationUri === null
      ? {}
      : { validationDataConfig: { validators: [{ s3Uri: job.validationUri }] } }),
    outputDataConfig: { s3Uri: outputs },
    customizationConfig: {
      rftConfig: {
        graderConfig: { lambdaGrader: { lambdaArn: job.rewardLambdaArn } },
        hyperParameters: { ...job.hyperParameters },
      },
    },
    ...(job.kmsKeyId === null ? {} : { customModelKmsKeyId: job.kmsKeyId }),
    ...(job.vpc
      ? { vpcConfig: { subnetIds: [...job.vpc.subnetIds], securityGroupIds: [...job.vpc.securityGroupIds] } }
      : {}),
  };
  const inputs = inputsHash({ ...unnamed, name });
  const tags = lowerTags(tagsOf(job.run, inputs, job.tags));
  return {
    name,
    inputs,
    run: job.run,
    body: {
      ...unnamed,
      jobName: name,
      customModelName: name,
      clientRequestToken: clientToken(name, inputs),
      jobTags: tags,
      customModelTags: tags,
    },
  };
}

function assertRanges({ hyperParameters, baseModel, validationUri }: BedrockRftJob): void {
  const problems = Object.entries(RANGES).flatMap(([key, [low, high]]) => {
    const value = hyperParameters[key as keyof typeof RANGES];
    const isRight =
      value === undefined ||
      (value >= low && value <= high && (key === 'learningRate' || Number.isSafeInteger(value)));
    return isRight ? [] : [`${key} ${value}: Bedrock takes ${low} to ${high}`];
  });
  const known = new Set([...Object.keys(RANGES), 'reasoningEffort']);
  for (const key of Object.keys(hyperParameters))
    if (!known.has(key))
      problems.push(`${key}: Bedrock has no such setting; it has ${[...known].join(', ')}`);
  if (!/^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:(\d{12})?:(foundation-model|custom-model)\/\S+$/.test(baseModel))
    problems.push(
      `${baseModel}: expected the ARN of a model, such as arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0:256k`,
    );
  if (validationUri !== null && baseModel.includes('nova-2-lite'))
    problems.push('Bedrock takes no validation tasks for Nova 2 Lite: leave them out');
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}

/** Where the weights of a custom model come from. */
type ModelSource = { checkpointUri: string } | { modelPackageArn: string };

/** A checkpoint that SageMaker has trained, as a custom model of Bedrock. */
export interface CustomModel {
  run: string;
  /** What it is of its run, such as `model-a1`. */
  part: string;
  source: ModelSource;
  /** The role that reads the checkpoint. */
  roleArn: string;
  kmsKeyArn: string | null;
  tags: Readonly<Record<string, string>>;
}

/** The request that makes it. @throws {InputError} Bedrock would refuse it. */
export function customModel(model: CustomModel): JobRequest<CreateCustomModelRequest> {
  assertRole(model.roleArn);
  const { source } = model;
  const name = awsName(model.run, model.part);
  if ('checkpointUri' in source) s3Of(source.checkpointUri);
  const body: CreateCustomModelRequest = {
    modelName: name,
    roleArn: model.roleArn,
    ...('checkpointUri' in source
      ? { modelSourceConfig: { s3DataSource: { s3Uri: source.checkpointUri } } }
      : {
          customModelDataSource: { modelPackageArnDataSource: { modelPackageArn: source.modelPackageArn } },
        }),
    ...(model.kmsKeyArn === null ? {} : { modelKmsKeyArn: model.kmsKeyArn }),
  };
  const inputs = inputsHash(body);
  return {
    name,
    inputs,
    run: model.run,
    body: {
      ...body,
      clientRequestToken: clientToken(name, inputs),
      modelTags: lowerTags(tagsOf(model.run, inputs, model.tags)),
    },
  };
}

/** An on-demand deployment of a custom model: what it is asked by is the deployment's ARN. */
export interface Deployment {
  run: string;
  /** Such as `deployed-a1`. */
  part: string;
  modelArn: string;
  tags: Readonly<Record<string, string>>;
}

/** The request that makes it. @throws {InputError} no custom model's ARN. */
export function customModelDeployment(
  deployment: Deployment,
): JobRequest<CreateCustomModelDeploymentRequest> {
  if (!/^arn:aws[a-z-]*:bedrock:[a-z0-9-]+:\d{12}:custom-model\/\S+$/.test(deployment.modelArn))
    throw new InputError([
      { message: `${deployment.modelArn}: expected the ARN of a custom model of Bedrock` },
    ]);
  const name = awsName(deployment.run, deployment.part);
  const body: CreateCustomModelDeploymentRequest = {
    modelDeploymentName: name,
    modelArn: deployment.modelArn,
    description: 'For the evaluation of a reinforcement fine-tuning',
  };
  const inputs = inputsHash(body);
  return {
    name,
    inputs,
    run: deployment.run,
    body: {
      ...body,
      clientRequestToken: clientToken(name, inputs),
      tags: lowerTags(tagsOf(deployment.run, inputs, deployment.tags)),
    },
  };
}
