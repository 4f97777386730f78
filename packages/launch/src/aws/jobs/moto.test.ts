import { tarOf } from '@touchstone/testing';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelId } from '@touchstone/core';
import { bedrockAccess } from '../bedrock-access.js';
import { ACCESS, BEDROCK, NOVA } from './examples.testing.js';
import {
  type AwsClients,
  awsClients,
  bedrockJob,
  bedrockRftJob,
  callerPolicy,
  checkCaller,
  checkRole,
  executionPolicy,
  functionPolicy,
  type JobStep,
  modelPackageGroup,
  novaTrainingJob,
  registerGroup,
  sageMakerJob,
  storageOf,
  trustPolicy,
  upload,
} from './index.js';
import { startMoto, WITHOUT_MOTO } from './moto.testing.js';
import { QUICK } from './simulated.testing.js';

const why = WITHOUT_MOTO ? ` (skipped: ${WITHOUT_MOTO})` : '';
describe.skipIf(WITHOUT_MOTO)(`against moto${why}`, () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  let clients: AwsClients;
  beforeAll(async () => {
    moto = await startMoto();
    clients = awsClients('us-east-1');
    const s3 = await clients.s3();
    await s3.createBucket({ Bucket: 'bucket' });
    await s3.createBucket({ Bucket: 'escrow' });
  }, 60_000);
  afterAll(async () => {
    clients.close();
    await moto.close();
  });

  it('files are uploaded once, encrypted with the key', async () => {
    const s3 = await clients.s3();
    const storage = storageOf('s3://bucket/rft', NOVA.kmsKeyId);
    const files = [
      { name: 'recipe.yaml', body: 'run: {}\n' },
      { name: 'train.jsonl', body: Buffer.from('{"messages":[]}\n'.repeat(10_000)) },
    ];
    const uris = await upload(clients, storage, files);
    expect(await upload(clients, storage, files)).toEqual(uris);
    const Key = uris[1]!.slice('s3://bucket/'.length);
    const { ContentLength, SSEKMSKeyId } = await s3.headObject({ Bucket: 'bucket', Key });
    expect([ContentLength, SSEKMSKeyId]).toEqual([160_000, NOVA.kmsKeyId]);
  });

  // moto's training jobs have completed when they are made, and write nothing: the log and the output are put there.
  it('a training job is started once, followed by its log, and its checkpoint found', async () => {
    const request = novaTrainingJob(NOVA);
    const job = sageMakerJob(clients, request, QUICK);
    const { arn, found } = await job.start();
    expect([arn, found]).toEqual([
      `arn:aws:sagemaker:us-east-1:123456789012:training-job/${job.name}`,
      false,
    ]);
    expect(await job.start()).toEqual({ arn, found: true });
    const changed = novaTrainingJob({ ...NOVA, instanceCount: 8 });
    await expect(sageMakerJob(clients, changed, QUICK).start()).rejects.toThrow(/other settings/);

    const logs = await clients.logs();
    const stream = { logGroupName: '/aws/sagemaker/TrainingJobs', logStreamName: `${job.name}/algo-1-1` };
    await logs.createLogGroup({ logGroupName: stream.logGroupName });
    await logs.createLogStream(stream);
    const lines = [
      'start',
      ...[1, 2, 3].map((n) => `step:${n} - critic/rewards/mean:0.${n} - perf/x:1.5`),
      'end',
    ];
    await logs.putLogEvents({
      ...stream,
      logEvents: lines.map((message, i) => ({ message, timestamp: Date.now() + i })),
    });
    const steps: JobStep[] = [];
    for await (const step of job.steps()) steps.push(step);
    expect(steps.map(({ step, metrics }) => [step, metrics['critic/rewards/mean']])).toEqual([
      [1, 0.1],
      [2, 0.2],
      [3, 0.3],
    ]);

    const s3 = await clients.s3();
    const manifest = {
      name: 'manifest.json',
      body: Buffer.from('{"checkpoint_s3_bucket":"s3://escrow/a/step_3"}'),
    };
    const Key = `rft/outputs/${job.name}/output/output.tar.gz`;
    await s3.putObject({ Bucket: 'bucket', Key, Body: gzipSync(tarOf([manifest])) });
    await expect(job.result()).rejects.toThrow(/nothing is there/);
    await s3.putObject({ Bucket: 'escrow', Key: 'a/step_3/weights', Body: 'x' });
    expect(await job.result()).toEqual({ kind: 'checkpoint', uri: 's3://escrow/a/step_3', unchecked: null });
    await job.stop();
  });

  // moto writes dates of Bedrock's jobs as AWS does not: the rest of such a job is tried against the simulator.
  it('a customization job is started; a reply that cannot be read is an error that says so', async () => {
    const job = bedrockJob(clients, bedrockRftJob(BEDROCK), QUICK);
    const { arn, found } = await job.start();
    expect([arn, found]).toEqual([expect.stringContaining(':model-customization-job/'), false]);
    await expect(job.status()).rejects.toThrow(/what AWS has answered cannot be read/);
  });

  it('a model package group is made once', async () => {
    const arn = await registerGroup(clients, modelPackageGroup('ours'));
    expect(await registerGroup(clients, modelPackageGroup('ours'))).toBe(arn);
  });

  it('policies are documents that IAM takes, and a role with them is found; moto simulates none', async () => {
    const iam = await clients.iam();
    const access = {
      ...ACCESS,
      hub: 'touchstone',
      modelPackageGroup: 'ours',
      mlflowArn: 'arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/ours',
    };
    for (const service of ['sagemaker-nova', 'sagemaker-serverless', 'bedrock'] as const) {
      const of = { ...access, service };
      const RoleName = `role-${service}`;
      await iam.createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trustPolicy(of)) });
      const policies = [
        executionPolicy(of),
        callerPolicy(of, NOVA.roleArn, bedrockAccess([parseModelId('bedrock:us.amazon.nova-2-lite-v1:0')])),
        functionPolicy(NOVA.rewardLambdaArn, []),
      ];
      for (const [i, policy] of policies.entries()) {
        await iam.putRolePolicy({ RoleName, PolicyName: `p${i}`, PolicyDocument: JSON.stringify(policy) });
      }
      const roleArn = `arn:aws:iam::123456789012:role/${RoleName}`;
      const { problems, unchecked } = await checkRole(clients, roleArn, trustPolicy(of), executionPolicy(of));
      expect(problems).toEqual([]);
      expect(unchecked.join()).toContain('what arn:aws:iam::123456789012:role/');
    }
  });

  it('who asks is found out; what he may do moto does not simulate, which is said', async () => {
    const caller = await checkCaller(clients, callerPolicy(ACCESS, NOVA.roleArn, []));
    expect(caller).toMatchObject({
      arn: expect.stringMatching(/^arn:aws:/) as string,
      problems: [],
      doubts: [],
    });
    expect(caller.unchecked).toHaveLength(1);
  });
});
