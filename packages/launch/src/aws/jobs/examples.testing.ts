import {
  type Access,
  type BedrockRftJob,
  type MlflowRun,
  type NovaJob,
  type OpenWeightJob,
  type ServerlessJob,
  storageOf,
  VOLUME_GB,
} from './index.js';

/** Jobs for tests, with everything that can be set. */

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward';
const ROLE = 'arn:aws:iam::123456789012:role/touchstone-training';
const KEY = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const HUB = 'arn:aws:sagemaker:us-east-1:123456789012:hub-content/touchstone';

const base = {
  run: 'contracts/2026-11-27',
  attempt: 1,
  roleArn: ROLE,
  outputUri: 's3://bucket/rft/outputs/',
  kmsKeyId: KEY,
  vpc: { subnetIds: ['subnet-0a1b2c3d'], securityGroupIds: ['sg-0a1b2c3d'] },
  tags: { team: 'legal' },
};

export const MLFLOW: MlflowRun = {
  serverArn: 'arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/ours',
  experiment: 'contracts',
  name: 'one',
};

export const NOVA: NovaJob & { rewardLambdaArn: string } = {
  ...base,
  purpose: 'train',
  recipeUri: 's3://bucket/rft/inputs/0123456789abcdef/recipe.yaml',
  trainUri: 's3://bucket/rft/inputs/fedcba9876543210/train.jsonl',
  validationUri: 's3://bucket/rft/inputs/0000000000000000/validation.jsonl',
  image: '708977205387.dkr.ecr.us-east-1.amazonaws.com/nova-fine-tune-repo:SM-TJ-RFT-V2-latest',
  instanceType: 'ml.p5.48xlarge',
  instanceCount: 4,
  volumeGb: VOLUME_GB,
  baseModel: 'nova-lite-2/prod',
  rewardLambdaArn: FUNCTION,
  hyperParameters: { max_steps: '20' },
  maxRuntimeSeconds: 86_400,
  mlflow: MLFLOW,
};

export const SERVERLESS: ServerlessJob = {
  ...base,
  baseModelArn:
    'arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/nova-textgeneration-lite-v2/1.0.0',
  acceptEula: true,
  evaluatorArn: `${HUB}/JsonDoc/reward/0.0.1`,
  trainArn: `${HUB}/DataSet/tasks/0.0.1`,
  validationArn: `${HUB}/DataSet/validation/0.0.1`,
  modelPackageGroupArn: 'arn:aws:sagemaker:us-east-1:123456789012:model-package-group/touchstone',
  sourceModelPackageArn: 'arn:aws:sagemaker:us-east-1:123456789012:model-package/touchstone/1',
  hyperParameters: { learning_rate: '7e-7', max_length: '8192', max_steps: '100', global_batch_size: '64' },
  mlflow: MLFLOW,
  maxRuntimeSeconds: 86_400,
};

export const BEDROCK: BedrockRftJob = {
  ...base,
  baseModel: 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-2-lite-v1:0:256k',
  trainUri: 's3://bucket/rft/inputs/fedcba9876543210/train.jsonl',
  validationUri: null,
  rewardLambdaArn: `${FUNCTION}:live`,
  hyperParameters: {
    epochCount: 3,
    batchSize: 128,
    learningRate: 1e-5,
    maxPromptLength: 8192,
    trainingSamplePerPrompt: 8,
    inferenceMaxTokens: 2048,
    reasoningEffort: 'medium',
    evalInterval: 10,
  },
};

export const OPEN_WEIGHT: OpenWeightJob = {
  model: 'openai.gpt-oss-20b',
  trainingFile: 'file-abc123',
  validationFile: 'file-def456',
  rewardLambdaArn: FUNCTION,
  epochs: 1,
  batchSize: 16,
  learningRateMultiplier: 0.5,
};

/** What `NOVA` touches. */
export const ACCESS: Access = {
  service: 'sagemaker-nova',
  region: 'us-east-1',
  account: '123456789012',
  functionArn: NOVA.rewardLambdaArn,
  storage: storageOf('s3://bucket/rft'),
  kmsKeyArn: NOVA.kmsKeyId,
  hasVpc: true,
  image: NOVA.image,
  hub: null,
  modelPackageGroup: null,
  mlflowArn: null,
};
