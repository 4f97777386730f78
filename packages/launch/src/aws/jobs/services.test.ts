import { RunError } from '@touchstone/spec';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseModelId } from '@touchstone/core';
import { bedrockAccess } from '../bedrock-access.js';
import { ACCESS, NOVA, SERVERLESS } from './examples.testing.js';
import {
  AwsError,
  baseModelArn,
  callerPolicy,
  checkReply,
  checkRole,
  contentArn,
  customModel,
  customModelDeployment,
  dataSetContent,
  deploy,
  evaluatorContent,
  executionPolicy,
  functionPolicy,
  hub,
  importModel,
  modelPackageGroup,
  preflightReward,
  registerContent,
  registerGroup,
  registerHub,
  serverlessTrainingJob,
  storageOf,
  trustPolicy,
  undeploy,
  upload,
  uriOf,
} from './index.js';
import { checkerHere, QUICK, type Simulated, simulated } from './simulated.testing.js';

let checker: ReturnType<typeof checkerHere>;
beforeAll(() => void (checker = checkerHere()));
afterAll(() => checker?.close());
let here: Simulated;
beforeEach(async () => void (here = await simulated(checker)));
afterEach(() => here.close());
const count = (operation: string): number => here.aws.asked.filter((one) => one === operation).length;

describe('files in S3', () => {
  const file = { name: 'train.jsonl', body: '{"a":1}\n' };
  it('are sent once, and are what was sent', async () => {
    const storage = storageOf('s3://bucket/rft', NOVA.kmsKeyId);
    const [uri] = await upload(here.clients, storage, [file]);
    expect(uri).toBe(uriOf(storage, file));
    await upload(here.clients, storage, [file]);
    expect(count('PutObject')).toBe(1);
    expect(here.aws.s3.objects.get(uri!.slice('s3://'.length))!.toString()).toBe(file.body);
  });

  it('are sent after a lost connection, and not into a bucket that is not there', async () => {
    here.aws.fail({ operation: 'PutObject', times: 1, error: 'lost' });
    await upload(here.clients, storageOf('s3://bucket/rft'), [file]);
    await expect(upload(here.clients, storageOf('s3://missing-bucket'), [file])).rejects.toThrow(
      /NoSuchBucket|NotFound/,
    );
  });
});

describe('what a serverless job names', () => {
  it('is registered once, under ARNs that are known before', async () => {
    const evaluator = evaluatorContent(NOVA.run, 'touchstone', NOVA.rewardLambdaArn);
    const tasks = dataSetContent(NOVA.run, 'touchstone', 's3://bucket/rft/train.jsonl', NOVA.roleArn);
    for (let again = 0; again < 2; again++) {
      await registerHub(here.clients, hub('touchstone'), QUICK);
      for (const content of [evaluator, tasks]) {
        expect(await registerContent(here.clients, content, QUICK)).toBe(
          contentArn('us-east-1', '123456789012', content),
        );
      }
      expect(await registerGroup(here.clients, modelPackageGroup('ours'))).toMatch(
        /:model-package-group\/ours$/,
      );
    }
    expect([count('CreateHub'), count('ImportHubContent'), count('CreateModelPackageGroup')]).toEqual([
      1, 2, 1,
    ]);
    const model = await baseModelArn(here.clients, 'nova-textgeneration-lite-v2');
    const at = (content: typeof evaluator): string => contentArn('us-east-1', '123456789012', content);
    const job = { ...SERVERLESS, baseModelArn: model, evaluatorArn: at(evaluator), trainArn: at(tasks) };
    expect(serverlessTrainingJob(job).body.ServerlessJobConfig).toMatchObject({ BaseModelArn: model });
  });

  it('another function is another content', () => {
    const one = evaluatorContent(NOVA.run, 'touchstone', NOVA.rewardLambdaArn);
    const other = evaluatorContent(NOVA.run, 'touchstone', `${NOVA.rewardLambdaArn}-2`);
    expect(one.HubContentName).not.toBe(other.HubContentName);
  });
});

describe('a model for evaluation', () => {
  const model = customModel({
    run: NOVA.run,
    part: 'model-a1',
    source: { checkpointUri: 's3://escrow/checkpoint' },
    roleArn: NOVA.roleArn,
    kmsKeyArn: null,
    tags: {},
  });

  it('is made of a checkpoint, deployed, found again, and taken away', async () => {
    const modelArn = await importModel(here.clients, model, QUICK);
    expect(await importModel(here.clients, model, QUICK)).toBe(modelArn);
    const wanted = customModelDeployment({ run: NOVA.run, part: 'deployed-a1', modelArn, tags: {} });
    const arn = await deploy(here.clients, wanted, QUICK);
    expect(await deploy(here.clients, wanted, QUICK)).toBe(arn);
    // By UpdateCustomModelDeployment, which leaves its tags.
    const deployed = here.aws.bedrock.deployments.get(wanted.name)!;
    Object.assign(deployed, { modelArn: `${modelArn}-other` });
    await expect(deploy(here.clients, wanted, QUICK)).rejects.toThrow(/holds the model .*-other; expected/);
    Object.assign(deployed, { modelArn });
    expect([count('CreateCustomModel'), count('CreateCustomModelDeployment')]).toEqual([1, 1]);
    await undeploy(here.clients, wanted);
    await undeploy(here.clients, wanted);
    expect(count('DeleteCustomModelDeployment')).toBe(1);
  });

  it('that has failed is an error', async () => {
    here.aws.bedrock.outcomes.set(model.name, 'Failed');
    await expect(importModel(here.clients, model, QUICK)).rejects.toThrow(/is Failed.*expected Active/);
  });

  it('of another run is not taken', async () => {
    await importModel(here.clients, model, QUICK);
    await expect(importModel(here.clients, { ...model, run: 'another' }, QUICK)).rejects.toThrow(
      /of the run/,
    );
  });
});

describe('a role', () => {
  const [trust, needs] = [trustPolicy(ACCESS), executionPolicy(ACCESS)];
  it('is held against what it needs', async () => {
    here.aws.iam.trusted.set('touchstone-training', ['sagemaker.amazonaws.com']);
    expect(await checkRole(here.clients, NOVA.roleArn, trust, needs)).toEqual({
      problems: [],
      unchecked: [expect.stringContaining('bucket policies')],
    });
    here.aws.iam.denied.add('lambda:InvokeFunction');
    const { problems } = await checkRole(here.clients, NOVA.roleArn, trust, needs);
    expect(problems).toEqual([
      expect.stringMatching(/^lambda:InvokeFunction on arn:aws:lambda.* AskForRewards/),
    ]);
  });

  it('must be there, and trust the service', async () => {
    expect((await checkRole(here.clients, NOVA.roleArn, trust, needs)).problems).toEqual([
      expect.stringContaining('there is no role'),
    ]);
    here.aws.iam.trusted.set('touchstone-training', ['bedrock.amazonaws.com']);
    expect((await checkRole(here.clients, NOVA.roleArn, trust, needs)).problems).toEqual([
      expect.stringContaining('does not trust sagemaker.amazonaws.com'),
    ]);
  });

  it('that may not be looked at is said to be unchecked', async () => {
    here.aws.fail(
      { operation: 'GetRole', times: 1, error: 'AccessDenied', status: 403 },
      { operation: 'SimulatePrincipalPolicy', times: 99, error: 'AccessDenied', status: 403 },
    );
    const { problems, unchecked } = await checkRole(here.clients, NOVA.roleArn, trust, needs);
    expect([problems, unchecked.length]).toEqual([[], 3]);
  });

  it('needs no more than the job does', () => {
    const all = [
      executionPolicy({
        ...ACCESS,
        hub: 'h',
        modelPackageGroup: 'g',
        mlflowArn: SERVERLESS.mlflow!.serverArn,
      }),
      callerPolicy(ACCESS, NOVA.roleArn, bedrockAccess([parseModelId('bedrock:us.amazon.nova-2-lite-v1:0')])),
    ];
    for (const { Statement } of all) {
      for (const { Action, Resource, Condition, Sid } of Statement) {
        expect(Action.join(' '), Sid).not.toMatch(/\*/);
        // What AWS cannot name a resource of, a condition narrows, or there is nothing to narrow.
        if (Resource?.includes('*'))
          expect(Condition !== undefined || ['UseNetwork', 'SignInForImage'].includes(Sid), Sid).toBe(true);
      }
    }
    expect(
      executionPolicy({
        ...ACCESS,
        service: 'bedrock',
        image: null,
        hasVpc: false,
        kmsKeyArn: null,
      }).Statement.map(({ Sid }) => Sid),
    ).toEqual(['AskForRewards', 'ReadInputs', 'WriteOutputs', 'ListThem', 'FindBucket']);
    const gov = executionPolicy({ ...ACCESS, region: 'us-gov-west-1' });
    expect(JSON.stringify(gov)).toContain('arn:aws-us-gov:s3:::bucket/rft/inputs/*');
  });

  it('of the function is the template’s, filled in', () => {
    const statement = {
      sid: 'CallModel',
      actions: ['bedrock:InvokeModel'],
      resources: ['arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/m'],
    };
    expect(functionPolicy(NOVA.rewardLambdaArn, [statement]).Statement[1]).toEqual({
      Sid: 'CallModel',
      Effect: 'Allow',
      Action: ['bedrock:InvokeModel'],
      Resource: ['arn:aws:bedrock:us-east-1::foundation-model/m'],
    });
  });
});

describe('the deployed reward function', () => {
  const tasks = Array.from({ length: 12 }, (_, i) =>
    JSON.stringify({ messages: [{ role: 'user', content: `${i}` }] }),
  ).join('\n');
  const answering = (answer: (sample: unknown, i: number) => unknown): void =>
    here.aws.lambda.add('SageMaker-reward', (event) => (event as unknown[]).map(answer));
  const ask = () => preflightReward(here.clients, NOVA.rewardLambdaArn, tasks);

  it('is asked about the first ten tasks as they are', async () => {
    const seen: unknown[] = [];
    answering((sample, i) => {
      seen.push(sample);
      return {
        id: `${i}`,
        aggregate_reward_score: i / 10,
        metrics_list: [{ name: 'a', value: 1, type: 'Metric' }],
      };
    });
    expect(await ask()).toMatchObject({
      problems: [],
      scores: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
      version: '$LATEST',
    });
    expect(seen[9]).toEqual({ messages: [{ role: 'user', content: '9' }] });
  });

  it.each([
    ['no id', () => ({ aggregate_reward_score: 1 }), /id: is missing/],
    ['a text for a score', () => ({ id: '1', aggregate_reward_score: '1' }), /aggregate_reward_score/],
    [
      'another type',
      () => ({ id: '1', aggregate_reward_score: 1, metrics_list: [{ name: 'a', value: 1, type: 'reward' }] }),
      /type/,
    ],
  ])('is found out when a result has %s', async (_, answer, message) => {
    answering(answer);
    const { problems } = await ask();
    expect(problems).toHaveLength(10);
    expect(problems[0]).toMatch(message);
  });

  it.each<[string, (event: unknown) => unknown, RegExp]>([
    [
      'fewer',
      (event) => (event as unknown[]).slice(1).map(() => ({ id: '1', aggregate_reward_score: 1 })),
      /expected 10 results.* gave 9/,
    ],
    ['wrapped', () => ({ statusCode: 200, body: '[]' }), /statusCode and body/],
    ['no JSON', () => 'Internal error', /expected a list/],
  ])('is found out when it answers %s', async (_, handler, message) => {
    here.aws.lambda.add('SageMaker-reward', handler);
    expect((await ask()).problems.join()).toMatch(message);
  });

  it('says how it failed, that it is not there, or that it may not be called', async () => {
    expect((await ask()).problems.join()).toMatch(/Function not found/);
    here.aws.lambda.add('SageMaker-reward', () => {
      throw new Error('no key for the judge');
    });
    expect((await ask()).problems.join()).toMatch(/has failed \(Unhandled\).*no key for the judge/);
    here.aws.fail({ operation: 'Invoke', times: 1, error: 'AccessDeniedException', status: 403 });
    expect((await ask()).problems.join()).toMatch(/lacks this permission/);
    expect((await preflightReward(here.clients, NOVA.rewardLambdaArn, '\n')).problems.join()).toMatch(
      /no tasks/,
    );
  });

  it('may answer anything', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 1, max: 3 }), (text, count_) => {
        const { problems, scores } = checkReply(text, count_);
        expect(problems.length > 0 || scores.length === count_).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('what AWS says no with', () => {
  const start = () => here.clients.sagemaker().then((client) => client);
  it.each([
    ['ExpiredTokenException', 403, /sign in again/],
    ['UnrecognizedClientException', 403, /sts get-caller-identity/],
    ['AccessDeniedException', 400, /lacks this permission/],
    ['ResourceLimitExceeded', 400, /quota/],
    ['SomethingNew', 400, /not known here/],
  ])('%s says what to do', async (error, status, message) => {
    await start();
    here.aws.fail({ operation: 'DescribeHub', times: 99, error, status });
    const thrown = await registerHub(here.clients, hub('touchstone'), QUICK).catch((one: unknown) => one);
    expect(thrown).toBeInstanceOf(AwsError);
    expect(thrown).toBeInstanceOf(RunError);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).toContain('could not look for the hub touchstone');
  });
});
