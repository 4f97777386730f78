import type {
  CreateHubRequest,
  CreateModelPackageGroupInput,
  ImportHubContentRequest,
} from '@aws-sdk/client-sagemaker';
import { RunError } from '@touchstone/spec';
import { partitionOf } from './arns.js';
import type { AwsClients } from './clients.js';
import { asking, isMissing, isTaken } from './errors.js';
import { settled, type Waiting } from './wait.js';

type Clients = Pick<AwsClients, 'sagemaker'>;

/** The hub in which AWS itself offers its models. */
const PUBLIC_HUB = 'SageMakerPublicHub';

/** The ARN that a content will have: known before it is registered. */
export function contentArn(
  region: string,
  account: string,
  { HubName, HubContentType, HubContentName, HubContentVersion }: ImportHubContentRequest,
): string {
  return `arn:${partitionOf(region)}:sagemaker:${region}:${account}:hub-content/${HubName}/${HubContentType}/${HubContentName}/${HubContentVersion}`;
}

/** Makes a hub, or finds it, and waits until it takes content. @throws {RunError} it cannot be made. */
export async function registerHub(
  clients: Clients,
  request: CreateHubRequest,
  waiting: Waiting = {},
): Promise<string> {
  const sagemaker = await clients.sagemaker();
  const name = request.HubName!;
  const what = `the hub ${name}`;
  const look = () => asking(`look for ${what}`, () => sagemaker.describeHub({ HubName: name }));
  const make = () => asking(`make ${what}`, () => sagemaker.createHub(request));
  await madeOrFound(look, make);
  await settled(
    what,
    { good: 'InService', going: ['Creating', 'Updating'] },
    async () => {
      const { HubStatus: status, FailureReason: why } = await look();
      return { status, why };
    },
    waiting,
  );
  return (await look()).HubArn!;
}

/**
 * Registers a reward function or a data set in a hub that is there, or finds what is registered of the same content.
 *
 * @returns its ARN, which a serverless job names.
 * @throws {RunError} under its name is another document, or it cannot be registered.
 */
export async function registerContent(
  clients: Clients,
  request: ImportHubContentRequest,
  waiting: Waiting = {},
): Promise<string> {
  const sagemaker = await clients.sagemaker();
  const { HubName, HubContentType, HubContentName, HubContentVersion } = request;
  const at = { HubName, HubContentType, HubContentName, HubContentVersion };
  const what = `the content ${HubContentName} of the hub ${HubName}`;
  const look = () => asking(`look for ${what}`, () => sagemaker.describeHubContent(at));
  const make = () => asking(`register ${what}`, () => sagemaker.importHubContent(request));
  await madeOrFound(look, make);
  await settled(
    what,
    { good: 'Available', going: ['Importing', 'PendingImport'] },
    async () => {
      const { HubContentStatus: status, FailureReason: why } = await look();
      return { status, why };
    },
    waiting,
  );
  const found = await look();
  if (found.HubContentDocument !== undefined && found.HubContentDocument !== request.HubContentDocument) {
    throw new RunError(
      `${what} says ${found.HubContentDocument.slice(0, 300)}; expected ${request.HubContentDocument}. Somebody else has registered it: choose another hub`,
    );
  }
  return found.HubContentArn!;
}

/** Makes a model package group, or finds it. @returns its ARN. @throws {RunError} it cannot be made. */
export async function registerGroup(
  clients: Clients,
  request: CreateModelPackageGroupInput,
): Promise<string> {
  const sagemaker = await clients.sagemaker();
  const name = request.ModelPackageGroupName!;
  const what = `the model package group ${name}`;
  const look = () =>
    asking(`look for ${what}`, () => sagemaker.describeModelPackageGroup({ ModelPackageGroupName: name }));
  await madeOrFound(look, () => asking(`make ${what}`, () => sagemaker.createModelPackageGroup(request)));
  return (await look()).ModelPackageGroupArn!;
}

/** The ARN of a model that AWS offers, such as `nova-textgeneration-lite-v2`, in its newest version. @throws {AwsError} it offers none. */
export async function baseModelArn(clients: Clients, name: string): Promise<string> {
  const sagemaker = await clients.sagemaker();
  const { HubContentArn } = await asking(`look for the model ${name} in ${PUBLIC_HUB}`, () =>
    sagemaker.describeHubContent({ HubName: PUBLIC_HUB, HubContentType: 'Model', HubContentName: name }),
  );
  return HubContentArn!;
}

async function madeOrFound(look: () => Promise<unknown>, make: () => Promise<unknown>): Promise<void> {
  try {
    return void (await look());
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    await make();
  } catch (error) {
    // Another process was faster.
    if (!isTaken(error)) throw error;
  }
}
