import { partitionOf } from './arns.js';
import { LOG_GROUP } from './logs.js';
import type { Statement } from '../bedrock-access.js';
import {
  type Access,
  allow,
  filled,
  mlflowActions,
  type Policy,
  type PolicyStatement,
  policyOf,
} from './policies.js';

/**
 * What whoever runs the command may do: ask the models, upload, start, look at and stop jobs of ours, deploy what came out, and no more.
 *
 * @param models see `bedrockAccess`: the base, which is evaluated, and those of the judges, which are examined.
 */
export function callerPolicy(access: Access, roleArn: string, models: readonly Statement[]): Policy {
  const { service, region, functionArn, storage } = access;
  const bucket = `arn:${partitionOf(region)}:s3:::${storage.bucket}`;
  const inside = storage.prefix === '' ? '' : `${storage.prefix}/`;
  const passedTo = service === 'bedrock' ? 'bedrock.amazonaws.com' : 'sagemaker.amazonaws.com';
  return policyOf(
    allow('UploadAndFetch', ['s3:GetObject', 's3:PutObject'], `${bucket}/${inside}*`),
    {
      ...allow('ListThem', ['s3:ListBucket'], bucket),
      Condition: { StringLike: { 's3:prefix': [`${inside}*`] } },
    },
    allow('CheckReward', ['lambda:GetFunction', 'lambda:InvokeFunction'], functionArn),
    {
      ...allow('PassRole', ['iam:PassRole'], roleArn),
      Condition: { StringEquals: { 'iam:PassedToService': passedTo } },
    },
    allow('CheckRole', ['iam:GetRole', 'iam:SimulatePrincipalPolicy'], roleArn),
    ...(service === 'bedrock' ? bedrockJobs(access) : sageMakerJobs(access)),
    deployments(access),
    ...registered(access),
    ...mlflow(access),
    ...models.map((statement) => filled(statement, access)),
  );
}

/** Of a project of Bedrock's API for open-weight models: what the key that it takes may do. */
const WITH_OPEN_WEIGHT = [
  'CancelFineTuningJob',
  'CreateFile',
  'CreateFineTuningJob',
  'CreateInference',
  'GetFile',
  'GetFineTuningJob',
  'ListFiles',
  'ListFineTuningJobs',
];

/**
 * What whoever trains an open-weight model may do: the job has no role, and asks the reward function in the name of whose key of Bedrock it was
 * started with.
 *
 * @param models see `callerPolicy`.
 */
export function openWeightCallerPolicy(
  access: Pick<Access, 'region' | 'account' | 'functionArn'>,
  models: readonly Statement[],
): Policy {
  const base = of('bedrock-mantle', access);
  return policyOf(
    allow('CallWithKey', ['bedrock-mantle:CallWithBearerToken'], '*'),
    allow(
      'Train',
      WITH_OPEN_WEIGHT.map((action) => `bedrock-mantle:${action}`),
      `${base}:project/*`,
      `${base}:customized-model/*`,
    ),
    allow('AskForRewards', ['lambda:GetFunction', 'lambda:InvokeFunction'], access.functionArn),
    ...models.map((statement) => filled(statement, access)),
  );
}

const of = (service: string, { region, account }: Pick<Access, 'region' | 'account'>): string =>
  `arn:${partitionOf(region)}:${service}:${region}:${account}`;

function sageMakerJobs(access: Access): PolicyStatement[] {
  const logs = `${of('logs', access)}:log-group:${LOG_GROUP}`;
  const actions = ['AddTags', 'CreateTrainingJob', 'DescribeTrainingJob', 'ListTags', 'StopTrainingJob'];
  return [
    allow('Train', inSageMaker(actions), `${of('sagemaker', access)}:training-job/ts-*`),
    allow('ReadLogs', ['logs:DescribeLogStreams', 'logs:GetLogEvents'], logs, `${logs}:log-stream:ts-*`),
  ];
}

function bedrockJobs(access: Access): PolicyStatement[] {
  const actions = [
    'CreateModelCustomizationJob',
    'GetModelCustomizationJob',
    'ListTagsForResource',
    'StopModelCustomizationJob',
    'TagResource',
  ];
  return [
    allow(
      'Train',
      inBedrock(actions),
      `${of('bedrock', access)}:model-customization-job/*`,
      `${of('bedrock', access)}:custom-model/*`,
      `${of('bedrock', { ...access, account: '' })}:foundation-model/*`,
    ),
  ];
}

function deployments(access: Access): PolicyStatement {
  const actions = [
    'CreateCustomModel',
    'CreateCustomModelDeployment',
    'DeleteCustomModelDeployment',
    'GetCustomModel',
    'GetCustomModelDeployment',
    'InvokeModel',
    'ListTagsForResource',
    'TagResource',
  ];
  const base = of('bedrock', access);
  return allow('Deploy', inBedrock(actions), `${base}:custom-model/*`, `${base}:custom-model-deployment/*`);
}

function registered(access: Access): PolicyStatement[] {
  const { hub, modelPackageGroup: group, region } = access;
  const own = of('sagemaker', access);
  const publicHub = `${of('sagemaker', { region, account: 'aws' })}:hub-content/SageMakerPublicHub/*`;
  const ofHub = ['AddTags', 'CreateHub', 'DescribeHub', 'DescribeHubContent', 'ImportHubContent'];
  const ofGroup = ['AddTags', 'CreateModelPackageGroup', 'DescribeModelPackage', 'DescribeModelPackageGroup'];
  return [
    ...(hub === null
      ? []
      : [
          allow(
            'Register',
            inSageMaker(ofHub),
            `${own}:hub/${hub}`,
            `${own}:hub-content/${hub}/*`,
            publicHub,
          ),
        ]),
    ...(group === null
      ? []
      : [
          allow(
            'Models',
            inSageMaker(ofGroup),
            `${own}:model-package-group/${group}`,
            `${own}:model-package/${group}/*`,
          ),
        ]),
  ];
}

/** What reads the figures of a run of MLflow. */
function mlflow({ mlflowArn }: Access): PolicyStatement[] {
  if (mlflowArn === null) return [];
  const actions = ['GetExperimentByName', 'GetMetricHistory', 'SearchRuns'];
  return [allow('ReadMlflow', mlflowActions(mlflowArn, actions), mlflowArn)];
}

const inSageMaker = (actions: readonly string[]): string[] => actions.map((action) => `sagemaker:${action}`);
const inBedrock = (actions: readonly string[]): string[] => actions.map((action) => `bedrock:${action}`);
