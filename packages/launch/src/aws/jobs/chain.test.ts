import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCESS, BEDROCK, NOVA, SERVERLESS } from './examples.testing.js';
import {
  type AwsClients,
  AwsError,
  type AwsJob,
  baseModelArn,
  bedrockJob,
  bedrockRftJob,
  checkRole,
  customModel,
  customModelDeployment,
  dataSetContent,
  deploy,
  evaluatorContent,
  executionPolicy,
  hub,
  importModel,
  type JobResult,
  modelPackageGroup,
  novaTrainingJob,
  preflightReward,
  registerContent,
  registerGroup,
  registerHub,
  sageMakerJob,
  serverlessTrainingJob,
  storageOf,
  trustPolicy,
  upload,
} from './index.js';
import { checkerHere, QUICK, type Simulated, simulated } from './simulated.testing.js';

/*
 * A whole training, from the upload to a model that can be asked. Whatever request of it is broken, what is left half done is gone on from by the same
 * command, and nothing is made a second time.
 */

let checker: ReturnType<typeof checkerHere>;
beforeAll(() => void (checker = checkerHere()));
afterAll(() => checker?.close());

const RUN = NOVA.run;
const TASKS = '{"messages":[{"role":"user","content":"?"}]}\n';
const storage = storageOf('s3://bucket/rft');

async function start(): Promise<Simulated> {
  const here = await simulated(checker, (job) => {
    const isBedrock = job.arn.includes(':bedrock:');
    const lines = isBedrock
      ? ['step_number,train_reward_mean', '1,0.5', '2,0.6']
      : [1, 2].map((step) => `step:${step} - critic/rewards/mean:0.5 - timing_s/step:1.5`);
    job.write(...lines, ...(isBedrock ? [] : ['Saving']));
    job.complete();
  });
  here.aws.lambda.add('SageMaker-reward', (event) =>
    (event as unknown[]).map((_, i) => ({ id: `${i}`, aggregate_reward_score: 0 })),
  );
  here.aws.iam.trusted.set('touchstone-training', ['sagemaker.amazonaws.com']);
  return here;
}

/** What one command does. @returns the model's id, and the steps that it saw. */
async function recipe(clients: AwsClients): Promise<unknown> {
  const [recipeUri, trainUri] = await upload(clients, storage, [
    { name: 'recipe.yaml', body: 'run: {}\n' },
    { name: 'train.jsonl', body: TASKS },
  ]);
  const access = { ...ACCESS, kmsKeyArn: null, hasVpc: false };
  const role = await checkRole(clients, NOVA.roleArn, trustPolicy(access), executionPolicy(access));
  const reward = await preflightReward(clients, NOVA.rewardLambdaArn, TASKS);
  const job = sageMakerJob(
    clients,
    novaTrainingJob({ ...NOVA, recipeUri: recipeUri!, trainUri: trainUri! }),
    QUICK,
  );
  return { ...(await train(clients, job)), problems: [...role.problems, ...reward.problems] };
}

async function serverless(clients: AwsClients): Promise<unknown> {
  const [uri] = await upload(clients, storage, [{ name: 'train.jsonl', body: TASKS }]);
  await registerHub(clients, hub('touchstone'), QUICK);
  const names = {
    evaluatorArn: await registerContent(
      clients,
      evaluatorContent(RUN, 'touchstone', NOVA.rewardLambdaArn),
      QUICK,
    ),
    trainArn: await registerContent(clients, dataSetContent(RUN, 'touchstone', uri!, NOVA.roleArn), QUICK),
    modelPackageGroupArn: await registerGroup(clients, modelPackageGroup('ours')),
    baseModelArn: await baseModelArn(clients, 'nova-textgeneration-lite-v2'),
  };
  const request = serverlessTrainingJob({
    ...SERVERLESS,
    ...names,
    validationArn: null,
    sourceModelPackageArn: null,
  });
  return { ...(await train(clients, sageMakerJob(clients, request, QUICK))), problems: [] };
}

async function bedrock(clients: AwsClients): Promise<unknown> {
  const [trainUri] = await upload(clients, storage, [{ name: 'train.jsonl', body: TASKS }]);
  const request = bedrockRftJob({ ...BEDROCK, trainUri: trainUri! });
  return { ...(await train(clients, bedrockJob(clients, request, QUICK))), problems: [] };
}

async function train(clients: AwsClients, job: AwsJob): Promise<object> {
  await job.start();
  const steps: number[] = [];
  for await (const { step } of job.steps()) steps.push(step);
  const result = await job.result();
  if (result.kind === 'served') throw new Error('these services import or make a custom model');
  const modelArn = result.kind === 'custom-model' ? result.arn : await imported(clients, result);
  const deployment = customModelDeployment({ run: RUN, part: 'deployed-a1', modelArn, tags: {} });
  return { steps, id: await deploy(clients, deployment, QUICK) };
}

function imported(
  clients: AwsClients,
  result: Extract<JobResult, { kind: 'checkpoint' | 'model-package' }>,
): Promise<string> {
  const source =
    result.kind === 'checkpoint' ? { checkpointUri: result.uri } : { modelPackageArn: result.arn };
  const of = { run: RUN, part: 'model-a1', source, roleArn: NOVA.roleArn, kmsKeyArn: null, tags: {} };
  return importModel(clients, customModel(of), QUICK);
}

describe.each([
  ['by a recipe', recipe],
  ['serverless', serverless],
  ['by Bedrock', bedrock],
])('a training %s', (_, whole) => {
  it('goes on from wherever it was broken off, and makes nothing twice', async () => {
    const first = await start();
    const good = await whole(first.clients);
    const operations = [...new Set(first.aws.asked)];
    const made = first.aws.asked.filter((one) => /^(Create|Import|Put)/.test(one)).sort();
    await first.close();
    expect(good).toMatchObject({
      steps: [1, 2],
      id: expect.stringContaining('custom-model-deployment'),
      problems: [],
    });

    for (const operation of operations) {
      for (const fault of [
        { error: 'AccessDeniedException', status: 403 },
        { error: 'ServiceQuotaExceededException' },
        { error: 'lost' },
      ]) {
        const here = await start();
        const name = `${operation}: ${fault.error}`;
        here.aws.fail({ operation, times: 1, ...fault });
        const broken = await whole(here.clients).catch((error: unknown) => error);
        // The SDK asks again where a reply is lost; a refusal says what to do. Checks before a job say it among their findings.
        if (fault.error === 'lost') expect(broken, name).toEqual(good);
        else if (!(broken as { problems?: string[] }).problems) {
          expect(broken, name).toBeInstanceOf(AwsError);
          expect((broken as Error).message, name).toContain('To do: ');
        }
        expect(await whole(here.clients), name).toEqual(good);
        const again = here.aws.asked.filter((one) => /^(Create|Import|Put)/.test(one)).sort();
        // The request that was broken is sent once more; no other is.
        const without = again.filter((one, i) => one !== operation || again.indexOf(one) !== i);
        expect(/^(Create|Import|Put)/.test(operation) ? without : again, name).toEqual(made);
        await here.close();
      }
    }
  }, 240_000);
});
