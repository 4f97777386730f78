import type { Statement } from '../bedrock-access.js';
import { type AwsService, functionOf, partitionOf } from './arns.js';
import { LOG_GROUP } from './logs.js';
import type { Storage } from './storage.js';

/** A policy of IAM, as its documents are written. */
export interface Policy {
  Version: '2012-10-17';
  Statement: PolicyStatement[];
}
export interface PolicyStatement {
  Sid: string;
  Effect: 'Allow';
  Action: string[];
  /** Absent where the document says whom a role trusts. */
  Resource?: string[];
  Principal?: { Service: string };
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** What a training touches. */
export interface Access {
  service: Exclude<AwsService, 'hyperpod' | 'bedrock-open-weight'>;
  region: string;
  account: string;
  /** As the job calls it: see `rewardArn`. */
  functionArn: string;
  storage: Storage;
  /** ARN of the key of what comes out; null: none of the account's own. */
  kmsKeyArn: string | null;
  hasVpc: boolean;
  /** Of a Nova recipe; null: the job names none. */
  image: string | null;
  /** Of a serverless job: its hub and its model package group; null: none. */
  hub: string | null;
  modelPackageGroup: string | null;
  /** What its metrics are written to; null: nothing of MLflow. */
  mlflowArn: string | null;
}

/** A policy of these statements, without those that are not needed. */
export const policyOf = (...statements: (PolicyStatement | null)[]): Policy => ({
  Version: '2012-10-17',
  Statement: statements.filter((one) => one !== null),
});
export const allow = (Sid: string, Action: string[], ...Resource: string[]): PolicyStatement => ({
  Sid,
  Effect: 'Allow',
  Action,
  Resource,
});

/** Who may take the execution role on: the service, in the name of this account only. */
export function trustPolicy({
  service,
  region,
  account,
}: Pick<Access, 'service' | 'region' | 'account'>): Policy {
  const name = service === 'bedrock' ? 'bedrock' : 'sagemaker';
  const jobs = service === 'bedrock' ? 'model-customization-job/*' : '*';
  return policyOf({
    Sid: 'TakeOn',
    Effect: 'Allow',
    Principal: { Service: `${name}.amazonaws.com` },
    Action: ['sts:AssumeRole'],
    Condition: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': `arn:${partitionOf(region)}:${name}:${region}:${account}:${jobs}` },
    },
  });
}

/** What the execution role of a training may do, and no more. */
export function executionPolicy(access: Access): Policy {
  const { service, region, account, functionArn, storage, kmsKeyArn, hasVpc } = access;
  const partition = partitionOf(region);
  const bucket = `arn:${partition}:s3:::${storage.bucket}`;
  const inside = storage.prefix === '' ? '' : `${storage.prefix}/`;
  const logGroup = `arn:${partition}:logs:${region}:${account}:log-group:${LOG_GROUP}`;
  const isBedrock = service === 'bedrock';
  return policyOf(
    allow('AskForRewards', ['lambda:InvokeFunction'], functionArn),
    allow('ReadInputs', ['s3:GetObject'], `${bucket}/${inside}inputs/*`),
    allow('WriteOutputs', ['s3:GetObject', 's3:PutObject'], `${bucket}/${inside}outputs/*`),
    {
      ...allow('ListThem', ['s3:ListBucket'], bucket),
      Condition: { StringLike: { 's3:prefix': [`${inside}inputs/*`, `${inside}outputs/*`] } },
    },
    allow('FindBucket', ['s3:GetBucketLocation'], bucket),
    isBedrock
      ? null
      : allow(
          'WriteLogs',
          ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
          logGroup,
          `${logGroup}:log-stream:*`,
        ),
    isBedrock
      ? null
      : {
          ...allow('WriteMetrics', ['cloudwatch:PutMetricData'], '*'),
          Condition: { StringEquals: { 'cloudwatch:namespace': LOG_GROUP } },
        },
    ...imageStatements(access),
    ...serverlessStatements(access),
    ...mlflowStatements(access),
    kmsKeyArn === null
      ? null
      : allow(
          'UseKey',
          ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
          kmsKeyArn,
        ),
    hasVpc
      ? allow(
          'UseNetwork',
          [
            'ec2:CreateNetworkInterface',
            'ec2:CreateNetworkInterfacePermission',
            'ec2:DeleteNetworkInterface',
            'ec2:DeleteNetworkInterfacePermission',
            'ec2:DescribeDhcpOptions',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSecurityGroups',
            'ec2:DescribeSubnets',
            'ec2:DescribeVpcs',
          ],
          '*',
        )
      : null,
  );
}

function imageStatements({ image, region }: Access): PolicyStatement[] {
  const [, account, ofImage, repository] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[a-z.]+\/([\w./-]+?)(?::|@|$)/.exec(image ?? '') ?? [];
  if (repository === undefined) return [];
  return [
    allow(
      'ReadImage',
      ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      `arn:${partitionOf(region)}:ecr:${ofImage}:${account}:repository/${repository}`,
    ),
    allow('SignInForImage', ['ecr:GetAuthorizationToken'], '*'),
  ];
}

function serverlessStatements({ hub, modelPackageGroup, region, account }: Access): PolicyStatement[] {
  const base = `arn:${partitionOf(region)}:sagemaker:${region}:${account}`;
  const ofAws = `arn:${partitionOf(region)}:sagemaker:${region}:aws`;
  return [
    ...(hub === null
      ? []
      : [
          allow(
            'ReadHub',
            ['sagemaker:DescribeHub', 'sagemaker:DescribeHubContent', 'sagemaker:ListHubContents'],
            `${base}:hub/${hub}`,
            `${base}:hub-content/${hub}/*`,
            `${ofAws}:hub/SageMakerPublicHub`,
            `${ofAws}:hub-content/SageMakerPublicHub/*`,
          ),
        ]),
    ...(modelPackageGroup === null
      ? []
      : [
          allow(
            'WriteModels',
            [
              'sagemaker:AccessModelPackage',
              'sagemaker:AddTags',
              'sagemaker:CreateModelPackage',
              'sagemaker:DescribeModelPackage',
              'sagemaker:DescribeModelPackageGroup',
              'sagemaker:ListModelPackages',
              'sagemaker:UpdateModelPackage',
            ],
            `${base}:model-package-group/${modelPackageGroup}`,
            `${base}:model-package/${modelPackageGroup}/*`,
          ),
        ]),
  ];
}

/** What a run of MLflow is written with; of MLflow's models and registry a job of ours needs nothing. */
const MLFLOW_ACTIONS = [
  'AccessUI',
  'CreateExperiment',
  'CreateRun',
  'GetExperiment',
  'GetExperimentByName',
  'GetRun',
  'LogBatch',
  'LogInputs',
  'LogMetric',
  'LogParam',
  'SearchExperiments',
  'SetExperimentTag',
  'SetTag',
  'UpdateRun',
];

/** Actions on an MLflow server; an app of SageMaker has one for all of them. */
export const mlflowActions = (mlflowArn: string, actions: readonly string[]): string[] =>
  mlflowArn.includes(':mlflow-app/')
    ? ['sagemaker:CallMlflowAppApi']
    : actions.map((action) => `sagemaker-mlflow:${action}`);

function mlflowStatements({ mlflowArn }: Access): PolicyStatement[] {
  if (mlflowArn === null) return [];
  return [
    allow('WriteMlflow', mlflowActions(mlflowArn, MLFLOW_ACTIONS), mlflowArn),
    allow('FindMlflow', ['sagemaker:DescribeMlflowApp', 'sagemaker:DescribeMlflowTrackingServer'], mlflowArn),
  ];
}

/**
 * What the reward function's own role may do: write its log, and what the template gives it of models.
 *
 * @param statements of the template, whose texts hold CloudFormation's variables: see `bedrockAccess`.
 * @throws {InputError} no function's ARN.
 */
export function functionPolicy(functionArn: string, statements: readonly Statement[]): Policy {
  const { partition, region, account, name } = functionOf(functionArn);
  const group = `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${name}`;
  return policyOf(
    allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], `${group}:*`),
    ...statements.map((statement) => filled(statement, { region, account })),
  );
}

/** A statement of the template with its variables as they are in an account. */
export function filled(
  { sid, actions, resources, condition }: Statement,
  { region, account }: Pick<Access, 'region' | 'account'>,
): PolicyStatement {
  const fill = (text: string): string =>
    text
      .replaceAll('${AWS::Partition}', partitionOf(region))
      .replaceAll('${AWS::Region}', region)
      .replaceAll('${AWS::AccountId}', account);
  return {
    ...allow(sid, actions, ...resources.map(fill)),
    ...(condition ? { Condition: { [condition[0]]: { [condition[1]]: fill(condition[2]) } } } : {}),
  };
}
