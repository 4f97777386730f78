import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPEN_WEIGHT } from './examples.testing.js';
import { type AwsJob, AwsError, openWeightTraining, VanishedError } from './index.js';
import { QUICK, type Simulated, simulated } from './simulated.testing.js';

let here: Simulated;
beforeEach(async () => void (here = await simulated(undefined)));
afterEach(() => here.close());

const { trainingFile: _, validationFile: __, ...rest } = OPEN_WEIGHT;
const make = (over: object = {}, key = 'simulated'): AwsJob =>
  openWeightTraining(
    { baseUrl: `${here.aws.url}/v1`, key },
    { ...rest, validationFile: null, run: 'contracts', attempt: 1, tasks: '{"messages":[]}\n', ...over },
    QUICK,
  );
const count = (operation: string): number => here.aws.asked.filter((one) => one === operation).length;

describe('a job for an open-weight model', () => {
  it('is started once, among others, and found by its file', async () => {
    for (let attempt = 2; attempt < 6; attempt++) await make({ attempt }).start();
    const first = await make().start();
    expect(first).toMatchObject({ found: false });
    for (let attempt = 6; attempt < 9; attempt++) await make({ attempt }).start();
    expect(await make().start()).toEqual({ ...first, found: true });
    expect(count('POST /fine_tuning/jobs')).toBe(8);
    await expect(make({ tasks: '{}\n' }).start()).rejects.toThrow(/with other tasks/);
    await expect(make({ model: 'qwen.other' }).start()).rejects.toThrow(/trains openai/);
  });

  it('is found where the reply was lost, and its file too', async () => {
    here.aws.fail({ operation: 'POST /files', times: 1, error: 'lost' });
    await expect(make().start()).rejects.toThrow(/out of reach/);
    here.aws.fail({ operation: 'POST /fine_tuning/jobs', times: 1, error: 'lost' });
    await expect(make().start()).rejects.toThrow(AwsError);
    expect(await make().start()).toMatchObject({ found: true });
    expect([count('POST /files'), count('POST /fine_tuning/jobs')]).toEqual([1, 1]);
  });

  it('is followed to its model', async () => {
    await make().start();
    const [job] = here.aws.openWeight.jobs;
    for (let step = 1; step <= 5; step++)
      here.aws.openWeight.tell(job!, { step, critic_rewards_mean: step / 10, note: 'x' });
    here.aws.openWeight.tell(job!, { message: 'saving' });
    here.aws.fail({
      operation: 'GET /fine_tuning/jobs/ID/events',
      times: 2,
      error: 'overloaded',
      status: 503,
    });
    const steps: unknown[] = [];
    for await (const step of make().steps()) {
      steps.push(step);
      Object.assign(job!, { status: 'succeeded', fine_tuned_model: 'openai.gpt-oss-20b:ft-1' });
    }
    expect(steps).toHaveLength(5);
    expect(steps[0]).toEqual({ step: 1, metrics: { critic_rewards_mean: 0.1 }, seconds: null });
    expect(await make().result()).toEqual({ kind: 'served', model: 'openai.gpt-oss-20b:ft-1' });
  });

  it('says why it has failed, is stopped, or is not there', async () => {
    await expect(make().status()).rejects.toThrow(VanishedError);
    await expect(make({}, 'other').start()).rejects.toThrow(/AWS_BEARER_TOKEN_BEDROCK/);
    await make().start();
    await make().stop();
    await make().stop();
    expect(count('POST /fine_tuning/jobs/ID/cancel')).toBe(1);
    Object.assign(here.aws.openWeight.jobs[0]!, {
      status: 'failed',
      error: { message: 'the grader timed out' },
    });
    await expect(make().result()).rejects.toThrow(/has not completed: failed; the grader timed out/);
    Object.assign(here.aws.openWeight.jobs[0]!, { status: 'dreaming' });
    await expect(make().status()).rejects.toThrow(/says dreaming/);
  });
});
