import type { CreateCustomModelDeploymentRequest, CreateCustomModelRequest } from '@aws-sdk/client-bedrock';
import { RunError } from '@touchstone/spec';
import type { AwsClients } from './clients.js';
import { bedrockTags } from './bedrock-tags.js';
import { asking, AwsError, orNull } from './errors.js';
import { assertOurs } from './job.js';
import { madeOrOurs } from './made-or-ours.js';
import type { JobRequest } from './requests/common.js';
import { settled, type Waiting } from './wait.js';

type Clients = Pick<AwsClients, 'bedrock'>;

/**
 * Makes a custom model of a checkpoint or a model package, or finds it, and waits until it can be deployed.
 *
 * @returns its ARN.
 * @throws {RunError} it cannot be made, or another run has one of its name.
 */
export async function importModel(
  clients: Clients,
  request: JobRequest<CreateCustomModelRequest>,
  waiting: Waiting = {},
  signal?: AbortSignal,
): Promise<string> {
  const bedrock = await clients.bedrock();
  const { name, body } = request;
  const what = `the custom model ${name}`;
  const find = () =>
    orNull(asking(`look for ${what}`, () => bedrock.getCustomModel({ modelIdentifier: name })));
  const make = () => asking(`make ${what}`, () => bedrock.createCustomModel(body));
  const { arn } = await madeOrOurs(request, {
    what: 'the custom model',
    find: async () => (await find())?.modelArn,
    make: async () => (await make()).modelArn!,
    mayBeThere: isAwsError,
    tags: (of) => bedrockTags(clients, of),
  });
  await settled(
    what,
    { good: 'Active', going: ['Creating'] },
    async () => {
      const { modelStatus: status, failureMessage: why } = await asking(`look for ${what}`, () =>
        bedrock.getCustomModel({ modelIdentifier: arn }),
      );
      return { status, why };
    },
    waiting,
    signal,
  );
  return arn;
}

/**
 * Deploys a custom model on demand, or finds the deployment, and waits until it answers. What is asked of it is paid by the token.
 *
 * @returns the deployment's ARN: the model's id in calls of Bedrock.
 * @throws {RunError} it cannot be deployed, or another run has a deployment of its name.
 */
export async function deploy(
  clients: Clients,
  request: JobRequest<CreateCustomModelDeploymentRequest>,
  waiting: Waiting = {},
  signal?: AbortSignal,
): Promise<string> {
  const bedrock = await clients.bedrock();
  const { name, body } = request;
  const what = `the deployment ${name}`;
  const look = (id: string) =>
    asking(`look for ${what}`, () =>
      bedrock.getCustomModelDeployment({ customModelDeploymentIdentifier: id }),
    );
  const { arn } = await madeOrOurs(request, {
    what: 'the deployment',
    find: async () => (await orNull(look(name)))?.customModelDeploymentArn,
    make: async () =>
      (await asking(`make ${what}`, () => bedrock.createCustomModelDeployment(body)))
        .customModelDeploymentArn!,
    mayBeThere: isAwsError,
    tags: (of) => bedrockTags(clients, of),
  });
  await settled(
    what,
    { good: 'Active', going: ['Creating'] },
    async () => {
      const { status, failureMessage: why, modelArn } = await look(arn);
      // A deployment can be given another model, and keeps its tags.
      if (modelArn !== undefined && modelArn !== body.modelArn)
        throw new RunError(
          `${what} holds the model ${modelArn}; expected ${body.modelArn}. Delete it, and run the same command again`,
        );
      return { status, why };
    },
    waiting,
    signal,
  );
  return arn;
}

/** Takes a deployment of ours away; the model stays. None is as it should be. @throws {RunError} it is another run's. */
export async function undeploy(
  clients: Clients,
  request: JobRequest<CreateCustomModelDeploymentRequest>,
): Promise<void> {
  const bedrock = await clients.bedrock();
  const { name } = request;
  const what = `the deployment ${name}`;
  const found = await orNull(
    asking(`look for ${what}`, () =>
      bedrock.getCustomModelDeployment({ customModelDeploymentIdentifier: name }),
    ),
  );
  if (found?.customModelDeploymentArn === undefined) return;
  const { customModelDeploymentArn: arn } = found;
  assertOurs('the deployment', request, await bedrockTags(clients, arn));
  await orNull(
    asking(`take ${what} away`, () =>
      bedrock.deleteCustomModelDeployment({ customModelDeploymentIdentifier: arn }),
    ),
  );
}

/** Bedrock has no name of its own for what is there already. */
const isAwsError = (error: unknown): boolean => error instanceof AwsError;
