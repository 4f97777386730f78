import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MLFLOW, NOVA } from './examples.testing.js';
import { mlflowServer, novaTrainingJob, sageMakerJob, type JobStep } from './index.js';
import { MlflowSteps } from './mlflow.js';
import { startMlflow, WITHOUT_MLFLOW } from './mlflow.testing.js';
import { QUICK, type Simulated, simulated } from './simulated.testing.js';

it('a server is where AWS’s own plugin of MLflow looks for it', () => {
  const { serverArn } = MLFLOW;
  expect(mlflowServer(serverArn)).toEqual({
    url: 'https://us-east-1.experiments.sagemaker.aws',
    service: 'sagemaker-mlflow',
    region: 'us-east-1',
    header: 'x-mlflow-sm-tracking-server-arn',
  });
  expect(mlflowServer(serverArn.replace('mlflow-tracking-server/ours', 'mlflow-app/app-1'))).toMatchObject({
    url: 'https://mlflow.sagemaker.us-east-1.app.aws',
    service: 'sagemaker',
    header: 'x-sm-mlflow-app-arn',
  });
  expect(() => mlflowServer(serverArn.replace('us-east-1', 'cn-north-1'))).toThrow(
    /mlflow-tracking-server\/NAME/,
  );
});

describe('figures of MLflow beside the log', () => {
  let here: Simulated;
  beforeEach(async () => void (here = await simulated(undefined)));
  afterEach(() => here.close());
  const request = novaTrainingJob(NOVA);
  const run = { ...MLFLOW, name: request.name };

  async function follow(told: string[], lines: readonly string[]): Promise<Map<number, JobStep>> {
    const alarm = (text: string): void => void told.push(text);
    const job = sageMakerJob(here.clients, request, QUICK, { run, alarm });
    await job.start();
    const simulatedJob = here.aws.sagemaker.job(request.name);
    simulatedJob.write(...lines);
    simulatedJob.complete();
    const steps = new Map<number, JobStep>();
    for await (const step of job.steps()) steps.set(step.step, step);
    return steps;
  }
  const line = (n: number): string => `step:${n} - critic/rewards/mean:0.${n} - actor/entropy:1.5`;

  it('fill what the log has lost, and change nothing that it says', async () => {
    // Step 2 has lost its line, and step 3 the end of it.
    for (const n of [0, 1, 2, 3])
      here.aws.mlflow.log(run.name, n, {
        'critic/rewards/mean': n / 10 + 0.001,
        'actor/grad_norm': n,
        'timing_s/step': 2,
      });
    const told: string[] = [];
    const steps = await follow(told, [line(1), line(3).replace(/ - actor.*/, ''), line(4), 'end']);
    expect([...steps.values()].map(({ step, metrics, seconds }) => [step, metrics, seconds])).toEqual([
      [1, { 'critic/rewards/mean': 0.1, 'actor/entropy': 1.5, 'actor/grad_norm': 1, 'timing_s/step': 2 }, 2],
      [2, { 'critic/rewards/mean': 0.201, 'actor/grad_norm': 2, 'timing_s/step': 2 }, 2],
      [3, { 'critic/rewards/mean': 0.301, 'actor/grad_norm': 3, 'timing_s/step': 2 }, 2],
      [4, { 'critic/rewards/mean': 0.4, 'actor/entropy': 1.5 }, null],
    ]);
    expect(told).toEqual([]);
    expect(here.aws.mlflow.asked.at(-1)).toEqual({
      server: MLFLOW.serverArn,
      authorization: expect.stringMatching(
        /^AWS4-HMAC-SHA256 Credential=simulated\/\d{8}\/us-east-1\/sagemaker-mlflow\/aws4_request, SignedHeaders=host;.*x-mlflow-sm-tracking-server-arn/,
      ) as string,
    });
  });

  it.each([
    { why: 'says no', error: 'PERMISSION_DENIED', status: 403, says: /HTTP 403, .*the statement ReadMlflow/ },
    { why: 'breaks off', error: 'lost', status: 0, says: /could not ask MLflow .*get-by-name/ },
  ])('cost an alarm where the server $why, and never the job', async ({ error, status, says }) => {
    const operation = 'mlflow experiments/get-by-name';
    here.aws.mlflow.log(run.name, 1, { a: 1 });
    here.aws.fail({ operation, times: 100, error, ...(status > 0 ? { status } : {}) });
    const told: string[] = [];
    const steps = await follow(told, [line(1), line(2), 'end']);
    expect([...steps.keys()]).toEqual([1, 2]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(says);
  });

  it('are none where the job has not begun to log', async () => {
    const told: string[] = [];
    expect((await follow(told, [line(1), 'end'])).size).toBe(1);
    expect(told).toEqual([]);
  });

  it('are read again only where they have changed', async () => {
    const reader = new MlflowSteps(run);
    here.aws.mlflow.log(run.name, 1, { a: 1, b: 2 });
    await reader.read();
    here.aws.mlflow.log(run.name, 2, { a: 3 });
    const { length } = here.aws.asked;
    expect(await reader.read()).toEqual([
      { step: 1, metrics: { a: 1, b: 2 }, seconds: null },
      { step: 2, metrics: { a: 3 }, seconds: null },
    ]);
    expect(here.aws.asked.slice(length).filter((one) => one.endsWith('get-history'))).toHaveLength(1);
  });
});

const why = WITHOUT_MLFLOW ? ` (skipped: ${WITHOUT_MLFLOW})` : '';
it.skipIf(WITHOUT_MLFLOW)(
  `a server of MLflow itself is read to its last page${why}`,
  { timeout: 300_000 },
  async () => {
    const server = await startMlflow();
    try {
      await server.log('touchstone run', 'ts-one', 25_000);
      const reader = new MlflowSteps({ ...MLFLOW, experiment: 'touchstone run', name: 'ts-one' });
      const steps = await reader.read();
      expect(steps).toHaveLength(25_000);
      expect(steps[24_999]).toEqual({
        step: 25_000,
        metrics: { 'critic/rewards/mean': 25_000 / 2, 'actor/kl loss': null },
        seconds: null,
      });
      expect(await new MlflowSteps({ ...MLFLOW, experiment: 'nobody', name: 'ts-one' }).read()).toEqual([]);
      expect(
        await new MlflowSteps({ ...MLFLOW, experiment: 'touchstone run', name: 'nobody' }).read(),
      ).toEqual([]);
    } finally {
      await server.close();
    }
  },
);
