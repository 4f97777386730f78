import type { TrainingJob } from '@touchstone/run';
import {
  type AwsClients,
  customModel,
  customModelDeployment,
  deploy,
  importModel,
  type JobResult,
  type Waiting,
} from '../jobs/index.js';
import { roleOf, tagsWith, type Account } from './account.js';

/**
 * Makes what has come out a model that can be asked, or finds it.
 *
 * @returns its name, as `policy.model` has one.
 * @throws {RunError} it cannot be made.
 */
export async function askable(
  { run, certificate }: Pick<TrainingJob, 'run' | 'certificate'>,
  account: Account,
  {
    clients,
    attempt,
    result,
    waiting,
  }: { clients: AwsClients; attempt: number; result: JobResult; waiting: Waiting },
): Promise<string> {
  if (result.kind === 'served') return `openai-compatible:${result.model}`;
  const tags = tagsWith(certificate, account);
  const imported = (source: Parameters<typeof customModel>[0]['source']): Promise<string> =>
    importModel(
      clients,
      customModel({
        run,
        part: `model-a${attempt}`,
        source,
        roleArn: roleOf(account),
        kmsKeyArn: account.kms_key ?? null,
        tags,
      }),
      waiting,
    );
  const modelOf = (): string | Promise<string> => {
    if (result.kind === 'checkpoint') return imported({ checkpointUri: result.uri });
    return result.kind === 'model-package' ? imported({ modelPackageArn: result.arn }) : result.arn;
  };
  const part = `deployed-a${attempt}`;
  const deployment = customModelDeployment({ run, part, modelArn: await modelOf(), tags });
  return `bedrock:${await deploy(clients, deployment, waiting)}`;
}
