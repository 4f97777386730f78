import { InputError } from '@touchstone/spec';
import { type AwsRequest, RequestChecker, WITHOUT_BOTOCORE } from '@touchstone/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BEDROCK, NOVA, OPEN_WEIGHT, SERVERLESS } from './examples.testing.js';
import {
  bedrockRftJob,
  customModel,
  customModelDeployment,
  dataSetContent,
  evaluatorContent,
  hub,
  hyperPodFiles,
  jobName,
  modelPackageGroup,
  novaTrainingJob,
  openWeightJob,
  openWeightUrl,
  outputUri,
  rewardArn,
  serverlessTrainingJob,
  storageOf,
  uriOf,
} from './index.js';

const MODEL = 'arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-2-lite-v1:0:256k/abcdefghij12';
const few = { kmsKeyId: null, vpc: null, tags: {} };
const request = (service: string, operation: string, params: object): AwsRequest => ({
  service,
  operation,
  params,
});
const train = (params: object): AwsRequest => request('sagemaker', 'CreateTrainingJob', params);

/** Every body that is sent, each with everything and with as little as there may be. */
const BODIES: Record<string, AwsRequest> = {
  'a Nova recipe': train(novaTrainingJob(NOVA).body),
  'a Nova recipe, the least': train(
    novaTrainingJob({
      ...NOVA,
      ...few,
      trainUri: null,
      validationUri: null,
      hyperParameters: {},
    }).body,
  ),
  'a Nova recipe on a checkpoint': train(
    novaTrainingJob({ ...NOVA, baseModel: 's3://escrow/one/checkpoint' }).body,
  ),
  'an evaluation by a Nova recipe': train(
    novaTrainingJob({ ...NOVA, purpose: 'evaluate', rewardLambdaArn: null, baseModel: 's3://escrow/one' })
      .body,
  ),
  serverless: train(serverlessTrainingJob(SERVERLESS).body),
  'serverless, the least': train(
    serverlessTrainingJob({
      ...SERVERLESS,
      ...few,
      validationArn: null,
      sourceModelPackageArn: null,
      mlflow: null,
    }).body,
  ),
  'a hub': request('sagemaker', 'CreateHub', hub('touchstone', { a: 'b' })),
  'an evaluator': request(
    'sagemaker',
    'ImportHubContent',
    evaluatorContent(NOVA.run, 'touchstone', NOVA.rewardLambdaArn),
  ),
  'a data set': request(
    'sagemaker',
    'ImportHubContent',
    dataSetContent(NOVA.run, 'touchstone', 's3://bucket/rft/train.jsonl', NOVA.roleArn),
  ),
  'a group': request('sagemaker', 'CreateModelPackageGroup', modelPackageGroup('touchstone')),
  Bedrock: request('bedrock', 'CreateModelCustomizationJob', bedrockRftJob(BEDROCK).body),
  'Bedrock, the least': request(
    'bedrock',
    'CreateModelCustomizationJob',
    bedrockRftJob({ ...BEDROCK, ...few, hyperParameters: {} }).body,
  ),
  'Bedrock on a custom model, with validation': request(
    'bedrock',
    'CreateModelCustomizationJob',
    bedrockRftJob({
      ...BEDROCK,
      baseModel: 'arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-pro-v1:0:300k/abcdefghij12',
      validationUri: 's3://bucket/v.jsonl',
    }).body,
  ),
  'a custom model of a checkpoint': request(
    'bedrock',
    'CreateCustomModel',
    customModel({
      run: NOVA.run,
      part: 'model-a1',
      source: { checkpointUri: 's3://escrow/one' },
      roleArn: NOVA.roleArn,
      kmsKeyArn: NOVA.kmsKeyId,
      tags: { a: 'b' },
    }).body,
  ),
  'a custom model of a package': request(
    'bedrock',
    'CreateCustomModel',
    customModel({
      run: NOVA.run,
      part: 'model-a1',
      source: { modelPackageArn: SERVERLESS.sourceModelPackageArn! },
      roleArn: NOVA.roleArn,
      kmsKeyArn: null,
      tags: {},
    }).body,
  ),
  'a deployment': request(
    'bedrock',
    'CreateCustomModelDeployment',
    customModelDeployment({ run: NOVA.run, part: 'deployed-a1', modelArn: MODEL, tags: {} }).body,
  ),
};

const why = WITHOUT_BOTOCORE ? ` (skipped: ${WITHOUT_BOTOCORE})` : '';
describe.skipIf(WITHOUT_BOTOCORE)(`requests and botocore's models of AWS${why}`, () => {
  let checker: RequestChecker;
  beforeAll(() => void (checker = new RequestChecker()));
  afterAll(() => checker.close());

  it.each(Object.entries(BODIES))('%s is one', async (_, body) => {
    expect(await checker.problems(body)).toEqual([]);
  });

  it.each(Object.entries(BODIES))('%s, damaged anywhere, is none', async (_, { params, ...of }) => {
    for (const [what, damaged] of damages(params as object)) {
      expect(await checker.problems({ ...of, params: damaged }), what).not.toEqual([]);
    }
  });

  it('whatever a run is called', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.integer({ min: 1, max: 9999 }),
        async (run, attempt) => {
          const bodies = [
            train(novaTrainingJob({ ...NOVA, run, attempt }).body),
            request(
              'bedrock',
              'CreateModelCustomizationJob',
              bedrockRftJob({ ...BEDROCK, run, attempt }).body,
            ),
            request(
              'sagemaker',
              'ImportHubContent',
              evaluatorContent(run, 'touchstone', NOVA.rewardLambdaArn),
            ),
          ];
          for (const body of bodies) expect(await checker.problems(body)).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Copies with one thing wrong: a member of another type, one that nobody knows, a required one missing. */
function* damages(params: object): Generator<[string, object]> {
  for (const path of pathsOf(params)) {
    const value = at(params, path);
    const last = path.at(-1);
    yield [`${path.join('.')}: a list of lists`, put(params, path, [[]])];
    // Free text may have any length and any key; what is checked by the service alone is left alone.
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && last !== 'HyperParameters')
      yield [`${path.join('.')}: an unknown member`, put(params, path, { ...value, unknown: 1 })];
    if (typeof value === 'number') yield [`${path.join('.')}: NaN as text`, put(params, path, 'NaN')];
    if (typeof value === 'string') yield [`${path.join('.')}: a number`, put(params, path, 5)];
  }
  for (const key of [
    'RoleArn',
    'roleArn',
    'TrainingJobName',
    'jobName',
    'HubName',
    'modelName',
    'modelDeploymentName',
  ]) {
    if (!(key in params)) continue;
    const { [key as never]: _, ...rest } = params;
    if (key !== 'roleArn' || 'jobName' in params) yield [`without ${key}`, rest];
    yield [`${key}: too long`, { ...params, [key]: 'a'.repeat(3000) }];
    yield [`${key}: other characters`, { ...params, [key]: 'a b\u0000/ä' }];
  }
}
type Path = (string | number)[];
function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value))
    yield* pathsOf(member, [...path, Array.isArray(value) ? Number(key) : key]);
}
const at = (value: unknown, path: Path): unknown => path.reduce((inner, key) => (inner as never)[key], value);
function put(value: object, path: Path, member: unknown): object {
  const copy = structuredClone(value);
  (at(copy, path.slice(0, -1)) as Record<string, unknown>)[path.at(-1)!] = member;
  return copy;
}

describe('names', () => {
  it('are the same each time, and another for each run and attempt', () => {
    expect(jobName(NOVA.run, 1)).toBe(jobName(NOVA.run, 1));
    const names = ['a', 'A', 'a b', 'a-b', 'a/b', 'ä', ''].flatMap((run) => [
      jobName(run, 1),
      jobName(run, 12),
    ]);
    expect(new Set(names).size).toBe(14);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1 }), (run, attempt) => {
        expect(jobName(run, attempt)).toMatch(/^[a-zA-Z0-9](-?[a-zA-Z0-9]){0,62}$/);
      }),
    );
  });

  it('of files are made of what is in them', () => {
    const storage = storageOf('s3://bucket/rft/');
    const uri = uriOf(storage, { name: 'recipe.yaml', body: 'a: 1\n' });
    expect(uri).toMatch(/^s3:\/\/bucket\/rft\/inputs\/[0-9a-f]{24}\/recipe\.yaml$/);
    expect(uriOf(storage, { name: 'recipe.yaml', body: Buffer.from('a: 1\n') })).toBe(uri);
    expect(uriOf(storage, { name: 'recipe.yaml', body: 'a: 2\n' })).not.toBe(uri);
    expect([outputUri(storage), outputUri(storageOf('s3://bucket'))]).toEqual([
      's3://bucket/rft/outputs/',
      's3://bucket/outputs/',
    ]);
  });
});

describe('a request', () => {
  it('is known again by its inputs, wherever a key stands and whatever its tags', () => {
    const { inputs } = novaTrainingJob(NOVA);
    expect(novaTrainingJob({ ...NOVA, tags: {} }).inputs).toBe(inputs);
    expect(novaTrainingJob({ ...NOVA, hyperParameters: { max_steps: '21' } }).inputs).not.toBe(inputs);
    const { body, name, inputs: of } = bedrockRftJob(BEDROCK);
    expect(body.clientRequestToken).toBe(`${name}-${of}`);
    const { reasoningEffort, ...others } = BEDROCK.hyperParameters;
    expect(
      bedrockRftJob({ ...BEDROCK, hyperParameters: { reasoningEffort, ...others } } as typeof BEDROCK).inputs,
    ).toBe(of);
  });

  const bad: [string, () => unknown, RegExp][] = [
    ['a role', () => novaTrainingJob({ ...NOVA, roleArn: 'admin' }), /expected the ARN of a role/],
    ['a function', () => novaTrainingJob({ ...NOVA, rewardLambdaArn: 'reward' }), /ARN of a Lambda function/],
    [
      'a recipe',
      () => novaTrainingJob({ ...NOVA, recipeUri: 's3://b/c.yaml' }),
      /s3:\/\/BUCKET|looks for recipe\.yaml/,
    ],
    ['a runtime', () => novaTrainingJob({ ...NOVA, maxRuntimeSeconds: 3e6 }), /28 days/],
    [
      'a VPC',
      () => novaTrainingJob({ ...NOVA, vpc: { subnetIds: [], securityGroupIds: [] } }),
      /1 to 16 subnets/,
    ],
    ['a tag', () => novaTrainingJob({ ...NOVA, tags: { 'a;b': 'c' } }), /tags: AWS takes/],
    [
      'a value',
      () => serverlessTrainingJob({ ...SERVERLESS, hyperParameters: { a: 'x'.repeat(257) } }),
      /hyperparameter a: .* 256/,
    ],
    [
      'a function that is missing',
      () => novaTrainingJob({ ...NOVA, rewardLambdaArn: null }),
      /has a reward function/,
    ],
    ['a licence', () => serverlessTrainingJob({ ...SERVERLESS, acceptEula: false }), /accept_eula/],
    [
      'an evaluator',
      () => serverlessTrainingJob({ ...SERVERLESS, evaluatorArn: NOVA.rewardLambdaArn }),
      /type JsonDoc/,
    ],
    [
      'a batch',
      () => bedrockRftJob({ ...BEDROCK, hyperParameters: { batchSize: 8 } }),
      /batchSize 8: Bedrock takes 16 to 512/,
    ],
    ['an epoch', () => bedrockRftJob({ ...BEDROCK, hyperParameters: { epochCount: 1.5 } }), /epochCount 1.5/],
    [
      'a setting',
      () => bedrockRftJob({ ...BEDROCK, hyperParameters: { epochs: 1 } as never }),
      /no such setting/,
    ],
    ['validation', () => bedrockRftJob({ ...BEDROCK, validationUri: 's3://bucket/v' }), /Nova 2 Lite/],
    [
      'a deployment',
      () => customModelDeployment({ run: 'a', part: 'd', modelArn: 'x', tags: {} }),
      /custom model/,
    ],
    ['epochs', () => openWeightJob({ ...OPEN_WEIGHT, epochs: 0 }), /epochs 0/],
    ['a region', () => openWeightUrl('cn-north-1'), /not offered/],
  ];
  it.each(bad)('is refused for %s', (_, make, message) => {
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});

describe('the ARN of the reward function', () => {
  const { rewardLambdaArn: arn } = NOVA;
  it('has an alias only where it may have one, and says why', () => {
    expect(rewardArn('bedrock', arn, 'live')).toMatchObject({
      arn: `${arn}:live`,
      why: expect.stringContaining('provisioned'),
    });
    expect(rewardArn('sagemaker-nova', `${arn}:live`, null)).toMatchObject({
      arn,
      why: expect.stringContaining('$LATEST'),
    });
    expect(rewardArn('sagemaker-serverless', arn, 'live').arn).toBe(arn);
    expect(rewardArn('sagemaker-nova', arn, 'live', true).arn).toBe(`${arn}:live`);
    expect(rewardArn('bedrock', arn, null)).toMatchObject({ arn, why: expect.stringContaining('no alias') });
  });
  it('is refused on HyperPod without SageMaker in the name', () => {
    const other = 'arn:aws:lambda:us-east-1:123456789012:function:sagemaker-reward';
    expect(() => rewardArn('hyperpod', other, null)).toThrow(/spelled so/);
  });
});

it('HyperPod is given a file and a command', () => {
  const { files, command } = hyperPodFiles({
    run: NOVA.run,
    attempt: 2,
    namespace: 'kubeflow',
    recipe: 'run: {}\n',
    rewardLambdaArn: NOVA.rewardLambdaArn,
    overrides: { 'recipes.training_config.trainer.max_steps': 20 },
  });
  expect(files).toEqual([{ path: 'recipe.yaml', text: 'run: {}\n' }]);
  expect(command).toBe(
    `hyperpod start-job --namespace kubeflow --recipe ./recipe.yaml --override-parameters '${JSON.stringify({
      'recipes.training_config.trainer.max_steps': 20,
      'recipes.run.name': jobName(NOVA.run, 2),
      'recipes.run.reward_lambda_arn': NOVA.rewardLambdaArn,
    })}'`,
  );
});

it('an open-weight model is trained by a job with the words of OpenAI’s API', () => {
  expect(openWeightUrl('us-west-2')).toBe('https://bedrock-mantle.us-west-2.api.aws/v1');
  expect(openWeightJob(OPEN_WEIGHT)).toEqual({
    model: 'openai.gpt-oss-20b',
    training_file: 'file-abc123',
    validation_file: 'file-def456',
    method: {
      type: 'reinforcement',
      reinforcement: {
        grader: { type: 'lambda', lambda: { function: OPEN_WEIGHT.rewardLambdaArn } },
        hyperparameters: { n_epochs: 1, batch_size: 16, learning_rate_multiplier: 0.5 },
      },
    },
  });
});
