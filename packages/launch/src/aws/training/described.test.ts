import { loadConfig, openWorkspace, type TrainingJob } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { QUICK } from '../jobs/simulated.testing.js';
import { bedrock } from './bedrock.js';
import { askable } from './deploy.js';
import { accountOf } from './account.js';
import { sagemakerNova } from './nova.js';
import { policyDocuments } from './policy-documents.js';
import { sagemakerServerless } from './serverless.js';
import { Trainings } from './trainings.testing.js';

const trainings = Trainings.inThisFile();
const CERTIFICATE = 'c'.repeat(64);
const MLFLOW = 'arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/ours';
const SERVERLESS = {
  accept_eula: true,
  base: 'arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/nova-textgeneration-lite-v2/1.0.0',
};

/** The job of a configuration whose judge has a certificate. */
async function withJob<T>(at: string, use: (job: TrainingJob) => T | Promise<T>): Promise<T> {
  const workspace = await openWorkspace(await loadConfig(at));
  try {
    return await use({
      workspace,
      run: 'a-run',
      folder: at,
      tasksOf: () => [],
      certificate: CERTIFICATE,
      adamw: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 },
      reward: { score: () => Promise.reject(new Error('nobody asks')) },
      alarm: () => {},
    });
  } finally {
    workspace.store.close();
  }
}
const TAG = 'touchstone:certificate';

describe.each([
  { service: sagemakerNova, more: {} },
  { service: sagemakerServerless, more: SERVERLESS },
  { service: bedrock, more: {} },
])('a job of $service.name', ({ service, more }) => {
  it('has the certificate of the judge as a tag', async () => {
    const at = trainings.write(`tags-${service.name}`, service.name, more);
    const { documents } = await withJob(at, (job) => service.describe(job, 1));
    const request = JSON.parse(documents.find(({ path }) => path === 'request.json')!.text) as Record<
      string,
      unknown
    >;
    const lists = ['Tags', 'jobTags', 'customModelTags'].flatMap((key) =>
      key in request ? [request[key]] : [],
    );
    expect(lists).toHaveLength(service === bedrock ? 2 : 1);
    for (const list of lists)
      expect(JSON.stringify(list).toLowerCase()).toContain(`{"key":"${TAG}","value":"${CERTIFICATE}"}`);
  });

  it.skipIf(service === bedrock)(
    'logs to the MLflow server that the configuration names, whose figures may be read',
    async () => {
      const at = trainings.write(`mlflow-${service.name}`, service.name, { ...more, mlflow: MLFLOW });
      const { request, caller } = await withJob(at, (job) => {
        const described = service.describe(job, 2);
        const of = (name: string): string =>
          [...described.documents, ...policyDocuments(job, described)].find(({ path }) => path === name)!
            .text;
        return { request: of('request.json'), caller: of('caller-policy.json') };
      });
      expect(JSON.parse(request)).toMatchObject({
        MlflowConfig: {
          MlflowResourceArn: MLFLOW,
          MlflowExperimentName: 'touchstone',
          MlflowRunName: expect.stringMatching(/^ts-a-run-.*-a2$/) as string,
        },
      });
      expect(caller).toContain('sagemaker-mlflow:GetMetricHistory');
      const wrong = trainings.write(`wrong-${service.name}`, service.name, {
        ...more,
        mlflow: 'arn:aws:sagemaker:us-east-1:123456789012:endpoint/ours',
      });
      await expect(withJob(wrong, (job) => service.describe(job, 1))).rejects.toThrow(
        /mlflow-tracking-server\/NAME/,
      );
    },
  );
});

it('a model that is imported and its deployment have the certificate of the judge as a tag', async () => {
  const at = trainings.write('deployed', 'sagemaker-nova', { tags: { team: 'legal' } });
  const { clients } = trainings.here;
  const result = { kind: 'checkpoint' as const, uri: 's3://escrow/a/step_3', unchecked: null };
  const name = await withJob(at, (job) =>
    askable(job, accountOf(job), { clients, attempt: 1, result, waiting: QUICK }),
  );
  const client = await clients.bedrock();
  const deployment = name.slice('bedrock:'.length);
  const { modelArn } = await client.getCustomModelDeployment({ customModelDeploymentIdentifier: deployment });
  for (const resourceARN of [deployment, modelArn!]) {
    const { tags } = await client.listTagsForResource({ resourceARN });
    expect(tags).toEqual(
      expect.arrayContaining([
        { key: TAG, value: CERTIFICATE },
        { key: 'team', value: 'legal' },
      ]),
    );
  }
});

it.each([
  ['role', /training\.aws\.role: expected the role that the job takes on/],
  ['storage', /training\.aws\.storage: expected where data and results go/],
])('a job that wants a %s is not planned without one', async (key, says) => {
  const at = trainings.write(`without-${key}`, 'bedrock', { [key]: undefined });
  await expect(withJob(at, (job) => bedrock.describe(job, 1))).rejects.toThrow(says);
});
