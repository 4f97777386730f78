import { RunError } from '@touchstone/spec';
import type { AwsSimulator, SimulatedJob } from '@touchstone/testing';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BEDROCK, NOVA, SERVERLESS } from './examples.testing.js';
import {
  type AwsClients,
  type AwsJob,
  AwsError,
  bedrockJob,
  bedrockRftJob,
  type JobStep,
  novaTrainingJob,
  sageMakerJob,
  serverlessTrainingJob,
  VanishedError,
} from './index.js';
import { checkerHere, QUICK, type Simulated, simulated } from './simulated.testing.js';

/** What differs between the services. */
interface Service {
  create: string;
  describe: string;
  stop: string;
  make(clients: AwsClients, over?: object): AwsJob;
  job(aws: AwsSimulator, name: string): SimulatedJob;
  forget(aws: AwsSimulator, name: string): void;
  /** Lines that make `count` steps known. */
  lines(count: number): string[];
  denied: string;
  quota: string;
}
const log = (count: number): string[] => [
  'Starting the training',
  ...Array.from(
    { length: count },
    (_, i) => `step:${i + 1} - critic/rewards/mean:${(i + 1) / 10} - timing_s/step:1.5`,
  ),
  'Saving',
];
const sagemaker = {
  create: 'CreateTrainingJob',
  describe: 'DescribeTrainingJob',
  stop: 'StopTrainingJob',
  job: (aws: AwsSimulator, name: string) => aws.sagemaker.job(name),
  forget: (aws: AwsSimulator, name: string) => aws.sagemaker.forget(name),
  lines: log,
  denied: 'AccessDeniedException',
  quota: 'ResourceLimitExceeded',
};
const SERVICES: Record<string, Service> = {
  'a Nova recipe': {
    ...sagemaker,
    make: (clients, over) => sageMakerJob(clients, novaTrainingJob({ ...NOVA, ...over }), QUICK),
  },
  'a serverless job': {
    ...sagemaker,
    make: (clients, over) => sageMakerJob(clients, serverlessTrainingJob({ ...SERVERLESS, ...over }), QUICK),
  },
  'a job of Bedrock': {
    create: 'CreateModelCustomizationJob',
    describe: 'GetModelCustomizationJob',
    stop: 'StopModelCustomizationJob',
    make: (clients, over) => bedrockJob(clients, bedrockRftJob({ ...BEDROCK, ...over }), QUICK),
    job: (aws, name) => aws.bedrock.job(name),
    forget: (aws, name) => aws.bedrock.forget(name),
    lines: (count) => [
      'step_number,epoch_number,train_reward_mean',
      ...Array.from({ length: count }, (_, i) => `${i + 1},0,${(i + 1) / 10}`),
    ],
    denied: 'AccessDeniedException',
    quota: 'ServiceQuotaExceededException',
  },
};

let checker: ReturnType<typeof checkerHere>;
beforeAll(() => void (checker = checkerHere()));
afterAll(() => checker?.close());
let here: Simulated;
let onJob: (job: SimulatedJob) => void = () => {};
beforeEach(async () => {
  onJob = () => {};
  here = await simulated(checker, (job) => onJob(job));
});
afterEach(() => here.close());

const count = (operation: string): number => here.aws.asked.filter((one) => one === operation).length;
async function all(steps: AsyncIterable<JobStep>, into: JobStep[] = []): Promise<JobStep[]> {
  for await (const step of steps) into.push(step);
  return into;
}
const numbers = (steps: readonly JobStep[]): number[] => steps.map(({ step }) => step);

describe.each(Object.entries(SERVICES))('%s', (_, service) => {
  const started = async (over?: object): Promise<[AwsJob, SimulatedJob]> => {
    const job = service.make(here.clients, over);
    await job.start();
    return [job, service.job(here.aws, job.name)];
  };

  it('is started once, and found by whoever starts it again', async () => {
    const job = service.make(here.clients);
    await expect(job.status()).rejects.toThrow(VanishedError);
    const first = await job.start();
    expect(first).toMatchObject({ found: false, arn: expect.stringMatching(/^arn:aws:/) });
    expect(await service.make(here.clients).start()).toEqual({ ...first, found: true });
    expect(await job.status()).toMatchObject({ state: 'running' });
    expect(count(service.create)).toBe(1);
  });

  it('is found where the reply was lost', async () => {
    here.aws.fail({ operation: service.create, times: 1, error: 'lost' });
    await service.make(here.clients).start();
    expect([...here.aws.sagemaker.names, ...here.aws.bedrock.names]).toHaveLength(1);
  });

  it('is started when AWS was asked too often', async () => {
    here.aws.fail(
      {
        operation: service.describe,
        times: 1,
        error: 'ThrottlingException',
        status: 400,
        message: 'Rate exceeded',
      },
      {
        operation: service.create,
        times: 1,
        error: 'ThrottlingException',
        status: 400,
        message: 'Rate exceeded',
      },
    );
    expect(await service.make(here.clients).start()).toMatchObject({ found: false });
  });

  it.each([
    [
      'denied',
      { error: service.denied, status: 403, message: 'User x is not authorized to perform y' },
      /lacks this permission/,
    ],
    [
      'quota',
      { error: service.quota, message: 'The account-level service limit is 0' },
      /a quota of the account/,
    ],
    [
      'invalid',
      { error: 'ValidationException', message: 'Invalid image' },
      /Invalid image.*change the setting/,
    ],
  ])('says what to do when it is refused: %s', async (__, fault, message) => {
    here.aws.fail({ operation: service.create, times: 1, ...fault });
    const error = await service
      .make(here.clients)
      .start()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AwsError);
    expect(error).toMatchObject({ isRetryable: false, exitCode: 1, message: expect.stringMatching(message) });
    expect(count(service.create)).toBe(1);
    // With the cause removed, the same command goes on.
    expect(await service.make(here.clients).start()).toMatchObject({ found: false });
  });

  it('is not taken for another one of its name', async () => {
    await started();
    await expect(service.make(here.clients, { tags: { team: 'other' } }).start()).resolves.toMatchObject({
      found: true,
    });
    const other = service.make(here.clients, { roleArn: 'arn:aws:iam::123456789012:role/other' });
    await expect(other.start()).rejects.toThrow(/was made from other settings/);
    expect(count(service.create)).toBe(1);
  });

  it('is followed to its end, by a second process from the first step on', async () => {
    const [job, at] = await started();
    const found: JobStep[] = [];
    at.write(...service.lines(2));
    for await (const step of job.steps()) {
      found.push(step);
      if (step.step !== 2) continue;
      at.write(...service.lines(4).slice(service.lines(4)[0]!.includes(',') ? 0 : 3));
      at.complete();
    }
    expect(numbers(found)).toEqual([1, 2, 3, 4]);
    expect(Object.values(found[3]!.metrics)).toContain(0.4);
    expect(await all(service.make(here.clients).steps())).toEqual(found);
    expect(await job.status()).toMatchObject({
      state: 'completed',
      detail: expect.stringContaining('Completed'),
    });
  });

  it('is followed through a connection that is lost', async () => {
    const [job, at] = await started();
    at.write(...service.lines(3));
    at.complete();
    here.aws.fail({ operation: service.describe, times: 8, error: 'lost' });
    expect(numbers(await all(job.steps()))).toEqual([1, 2, 3]);
    expect(count(service.describe)).toBeGreaterThan(8);
  });

  it('says why it has failed, after its last step', async () => {
    const [job, at] = await started();
    at.write(...service.lines(2));
    at.fail('AlgorithmError: the reward function answered with errors 3 times');
    const found: JobStep[] = [];
    await expect(all(job.steps(), found)).rejects.toThrow(/has failed: Failed.*the reward function answered/);
    expect(numbers(found)).toEqual([1, 2]);
    await expect(job.result()).rejects.toThrow(/has not completed/);
  });

  it('says so when it is not there any more', async () => {
    const [job, at] = await started();
    at.write(...service.lines(1));
    const read = async (): Promise<void> => {
      for await (const _step of job.steps()) service.forget(here.aws, job.name);
    };
    await expect(read()).rejects.toThrow(VanishedError);
  });

  it('is stopped once, and is left alone when it has ended', async () => {
    await service.make(here.clients).stop();
    const [job, at] = await started();
    await job.stop();
    await job.stop();
    expect(count(service.stop)).toBe(1);
    expect(await job.status()).toMatchObject({
      state: 'running',
      detail: expect.stringContaining('Stopping'),
    });
    at.stopped();
    await expect(all(job.steps())).rejects.toThrow(/was stopped/);
    await job.stop();
    expect(count(service.stop)).toBe(1);
  });

  it('ends to be followed when it is told to', async () => {
    const [job, at] = await started();
    at.write(...service.lines(1));
    const end = new AbortController();
    const found: number[] = [];
    for await (const { step } of job.steps(end.signal)) {
      found.push(step);
      end.abort();
    }
    expect(found).toEqual([1]);
  });
});

it('a log is read on when its places are forgotten', async () => {
  const job = sageMakerJob(here.clients, novaTrainingJob(NOVA), QUICK);
  await job.start();
  const at = here.aws.sagemaker.job(job.name);
  at.write(...log(3));
  const found: number[] = [];
  for await (const { step } of job.steps()) {
    found.push(step);
    if (step !== 3) continue;
    here.aws.logs.expire();
    at.write('step:4 - critic/rewards/mean:0.4 - timing_s/step:1.5', 'Saving');
    at.complete();
  }
  expect(found).toEqual([1, 2, 3, 4]);
});

describe('a job of somebody else', () => {
  it.each([{}, { 'touchstone:run': 'another' }])('is not touched: %j', async (tags) => {
    const job = sageMakerJob(here.clients, novaTrainingJob(NOVA), QUICK);
    here.aws.sagemaker.plant(job.name, tags);
    await expect(job.start()).rejects.toThrow(/is not touched/);
    await expect(job.stop()).rejects.toThrow(/is not touched/);
    expect([count('CreateTrainingJob'), count('StopTrainingJob')]).toEqual([0, 0]);
  });
});

describe('what comes out', () => {
  async function completed(make: () => AwsJob, of: 'sagemaker' | 'bedrock' = 'sagemaker'): Promise<AwsJob> {
    const job = make();
    await job.start();
    here.aws[of].job(job.name).complete();
    return job;
  }
  const nova = (): AwsJob => sageMakerJob(here.clients, novaTrainingJob(NOVA), QUICK);

  it('of a Nova recipe is the checkpoint of its manifest', async () => {
    const job = await completed(nova);
    const uri = `s3://customer-escrow-123456789012-simulated/${job.name}/checkpoints/step_20`;
    expect(await job.result()).toEqual({ kind: 'checkpoint', uri, unchecked: null });
    here.aws.s3.closed.add('customer-escrow-123456789012-simulated');
    expect(await job.result()).toMatchObject({ uri, unchecked: expect.stringContaining('may not look') });
  });

  it('must be there', async () => {
    const job = await completed(nova);
    for (const path of here.aws.s3.objects.keys())
      if (path.includes('escrow')) here.aws.s3.objects.delete(path);
    await expect(job.result()).rejects.toThrow(/nothing is there/);
  });

  it.each([
    ['is missing', null, /says nothing of a checkpoint/],
    ['is no archive', Buffer.from('hello'), /cannot be read/],
    ['is cut off', 'half', /cannot be read/],
  ])('is an error where the archive %s', async (_, body, message) => {
    const job = await completed(nova);
    const path = [...here.aws.s3.objects.keys()].find((one) => one.endsWith('output.tar.gz'))!;
    const whole = here.aws.s3.objects.get(path)!;
    if (body === null) here.aws.s3.objects.delete(path);
    else here.aws.s3.put(path, Buffer.isBuffer(body) ? body : whole.subarray(0, whole.length / 2));
    await expect(job.result()).rejects.toThrow(message);
    await expect(job.result()).rejects.toThrow(RunError);
  });

  it('of a serverless job is a model package', async () => {
    const job = await completed(() => sageMakerJob(here.clients, serverlessTrainingJob(SERVERLESS), QUICK));
    expect(await job.result()).toEqual({
      kind: 'model-package',
      arn: 'arn:aws:sagemaker:us-east-1:123456789012:model-package/touchstone/1',
    });
  });

  it('of Bedrock is a custom model', async () => {
    const job = await completed(() => bedrockJob(here.clients, bedrockRftJob(BEDROCK), QUICK), 'bedrock');
    const result = await job.result();
    expect(result).toMatchObject({ kind: 'custom-model', name: job.name });
    here.aws.bedrock.outcomes.set(job.name, 'Failed');
    await job.result();
    await expect(job.result()).rejects.toThrow(/is Failed/);
  });
});

it.each([
  ['a Nova recipe', 'novaTrainingJob', 'sageMakerJob', NOVA, 'CreateTrainingJob'],
  ['a serverless job', 'serverlessTrainingJob', 'sageMakerJob', SERVERLESS, 'CreateTrainingJob'],
  ['a job of Bedrock', 'bedrockRftJob', 'bedrockJob', BEDROCK, 'CreateModelCustomizationJob'],
])(
  'a launch of %s that is killed while AWS creates it starts no second one',
  async (what, request, open, body, create) => {
    const dist = fileURLToPath(new URL('../../../dist/aws/jobs/index.js', import.meta.url));
    const script = `
    const { awsClients, ${request}, ${open} } = await import(${JSON.stringify(dist)});
    await ${open}(awsClients('us-east-1'), ${request}(${JSON.stringify(body)})).start();
    console.log('noted');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...process.env, ...here.aws.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    onJob = () => child.kill('SIGKILL');
    await once(child, 'exit');
    expect(said).toBe('');
    const job = SERVICES[what]!.make(here.clients);
    expect(await job.start()).toMatchObject({ found: true });
    expect([[...here.aws.sagemaker.names, ...here.aws.bedrock.names], count(create)]).toEqual([
      [job.name],
      1,
    ]);
  },
);

it('loads no client of AWS before it is asked for', () => {
  const dist = fileURLToPath(new URL('../../../dist/aws/jobs/index.js', import.meta.url));
  const script = `
    const { createRequire } = await import('node:module');
    const { cache } = createRequire(${JSON.stringify(dist)});
    const clients = () => [...new Set(Object.keys(cache).flatMap((file) => /client-[a-z0-9]+/.exec(file) ?? []))];
    const { awsClients } = await import(${JSON.stringify(dist)});
    const aws = awsClients('us-east-1');
    const before = clients();
    await aws.iam();
    console.log(JSON.stringify([before, clients()]));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual([[], ['client-iam']]);
});
