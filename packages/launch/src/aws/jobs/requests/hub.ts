import type {
  CreateHubRequest,
  CreateModelPackageGroupInput,
  ImportHubContentRequest,
} from '@aws-sdk/client-sagemaker';
import { InputError } from '@touchstone/spec';
import { functionOf } from '../arns.js';
import { awsName, inputsHash, tagsOf } from '../names.js';
import { s3Of } from '../storage.js';
import { assertRole, upperTags } from './common.js';

/*
 * A serverless job names its reward function and its data by content of a hub of SageMaker, so both are registered there. A content's name
 * is made of what is in it: registering it again finds it, and another function is another content, not a new version of this one.
 */

const VERSION = '0.0.1';
const SCHEMA = '2.0.0';

/** A name of letters, digits and single hyphens: of a hub, a content, a group. */
const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;

/** The private hub that holds them. @throws {InputError} it cannot be a hub's name. */
export function hub(name: string, tags: Readonly<Record<string, string>> = {}): CreateHubRequest {
  if (!NAME.test(name))
    throw new InputError([{ message: `${name}: a hub's name has 1 to 63 letters, digits and hyphens` }]);
  return {
    HubName: name,
    HubDescription: 'Reward functions and training tasks of reinforcement fine-tuning',
    Tags: upperTags(tags),
  };
}

/** A Lambda function as a reward function of RLVR. @throws {InputError} it is none. */
export function evaluatorContent(run: string, hubName: string, functionArn: string): ImportHubContentRequest {
  functionOf(functionArn);
  const inner = JSON.stringify({ EvaluatorType: 'RewardFunction', Reference: functionArn });
  return content(run, hubName, 'reward', 'JsonDoc', { SubType: 'AWS/Evaluator', JsonContent: inner });
}

/** Training tasks in S3, JSON Lines, as a data set. @param roleArn that reads them. @throws {InputError} no such URI or role. */
export function dataSetContent(
  run: string,
  hubName: string,
  uri: string,
  roleArn: string,
): ImportHubContentRequest {
  const { bucket, key } = s3Of(uri);
  assertRole(roleArn);
  // What AWS's own Python SDK writes for a data set that a user has brought; the last three it needs and does not use.
  return content(run, hubName, 'tasks', 'DataSet', {
    DatasetType: 'CUSTOMER_PROVIDED',
    DatasetRoleArn: roleArn,
    DatasetS3Bucket: bucket,
    DatasetS3Prefix: key,
    DatasetContextS3Uri: '""',
    ConversationId: 'default-conversation',
    ConversationCheckpointId: 'default-checkpoint',
    Dependencies: [],
  });
}

function content(
  run: string,
  hubName: string,
  what: string,
  type: 'JsonDoc' | 'DataSet',
  document: object,
): ImportHubContentRequest {
  const inputs = inputsHash(document);
  return {
    HubName: hubName,
    HubContentType: type,
    HubContentName: awsName(run, `${what}-${inputs.slice(0, 10)}`),
    HubContentVersion: VERSION,
    DocumentSchemaVersion: SCHEMA,
    HubContentDocument: JSON.stringify(document),
    Tags: upperTags(tagsOf(run, inputs)),
  };
}

/** The group that a serverless job puts its models into. @throws {InputError} it cannot be a group's name. */
export function modelPackageGroup(
  name: string,
  tags: Readonly<Record<string, string>> = {},
): CreateModelPackageGroupInput {
  if (!NAME.test(name))
    throw new InputError([
      { message: `${name}: a model package group's name has 1 to 63 letters, digits and hyphens` },
    ]);
  return { ModelPackageGroupName: name, Tags: upperTags(tags) };
}
