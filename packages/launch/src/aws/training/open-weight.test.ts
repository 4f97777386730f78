import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, openWorkspace, planTraining, type TrainingPlan } from '@touchstone/run';
import type { SimulatedJob } from '@touchstone/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hosted } from './backend.js';
import { bedrockOpenWeight as service } from './open-weight.js';
import { STEPS, Trainings } from './trainings.testing.js';

const KEY = 'AWS_BEARER_TOKEN_BEDROCK';
const CREATE = 'POST /fine_tuning/jobs';
const trainings = Trainings.inThisFile();
const before = process.env[KEY];
beforeEach(() => void (process.env[KEY] = 'simulated'));
afterEach(() => {
  if (before === undefined) delete process.env[KEY];
  else process.env[KEY] = before;
});

/** What AWS's examples show of a step. */
const figures = (steps: number, total = STEPS): string[] =>
  Array.from({ length: steps }, (_, i) =>
    JSON.stringify({
      step: i + 1,
      total_steps: total,
      critic_rewards_mean: i / 10,
      actor_entropy: 1.5,
      actor_pg_loss: 0.1,
      actor_grad_norm: 0.01,
      response_length_mean: 20,
      critic_advantages_mean: 0.2,
    }),
  );

const policy = (more: object = {}): object => ({
  model: 'openai-compatible:openai.gpt-oss-20b',
  max_tokens: 64,
  calls: {
    base_url: `${trainings.here.aws.url}/v1`,
    api_key_env: KEY,
    price: { input: 1, output: 2 },
    ...more,
  },
});
const write = (name: string, aws: object = {}, changed: object = {}): string =>
  trainings.write(
    name,
    service.name,
    { role: undefined, storage: undefined, ...aws },
    { policy: policy(), ...changed },
  );

async function planned(at: string): Promise<TrainingPlan> {
  const workspace = await openWorkspace(await loadConfig(at));
  try {
    return await planTraining(workspace, [hosted(service)]);
  } finally {
    workspace.store.close();
  }
}

describe('a training of an open-weight model', () => {
  it('runs from the gate to the report, and pays for nothing twice', async () => {
    const at = write('whole');
    trainings.onJob = (job) => {
      job.write(...figures(STEPS));
      job.complete();
    };
    await trainings.deployReward(at);
    const summary = await trainings.run(at, { service });
    expect(summary.training).toMatchObject({
      engine: {
        name: 'bedrock-open-weight',
        hosted: { job: 'ftjob-1', steps: STEPS, model: 'openai-compatible:openai.gpt-oss-20b:ftjob-1' },
      },
      // No figure says how long a step took, and no answer is shown.
      wall_seconds: null,
      rollouts: null,
    });
    expect(summary.steps[2]!.metrics).toEqual({
      reward: 0.2,
      entropy: 1.5,
      loss: 0.1,
      grad_norm: 0.01,
      response_tokens: 20,
      'aws/critic_advantages_mean': 0.2,
    });
    expect(summary.models['base']!.metrics['judge_score']!.mean).toBeCloseTo(5 / 20);
    expect(summary.models['rft']!.metrics['judge_score']!.mean).toBeCloseTo(15 / 20);
    // 4 tasks for the base and for what came out, and one question before.
    expect(trainings.count('POST /chat/completions')).toBe(4 + 1 + 4);
    await trainings.run(at, { service });
    expect(trainings.count('POST /chat/completions')).toBe(4 + 1 + 4);
    expect([trainings.count(CREATE), trainings.count('PutObject')]).toEqual([1, 0]);
  });

  it('is found again by a command that was killed, and followed to its end', async () => {
    const at = write('killed');
    let working: SimulatedJob | undefined;
    trainings.onJob = (job) => {
      working = job;
      job.write(...figures(2));
    };
    // The reply to the request that starts it is lost, and the process ends at the first step of the next one.
    trainings.here.aws.fail({ operation: CREATE, times: 1, error: 'lost' });
    await expect(trainings.run(at, { service })).rejects.toThrow(/out of reach/);
    const stopped = trainings.run(at, { service }, (event) => {
      if (event.type === 'step') throw new Error('killed');
    });
    await expect(stopped).rejects.toThrow('killed');
    working!.write(...figures(STEPS).slice(2));
    working!.complete();
    const summary = await trainings.run(at, { service });
    expect(summary.steps).toHaveLength(STEPS);
    expect([trainings.count(CREATE), trainings.count('POST /files')]).toEqual([1, 1]);
  });

  it('is tried again under another name when it has failed, and not when it has vanished', async () => {
    const at = write('failed');
    const names: string[] = [];
    trainings.onJob = (job) => {
      names.push(job.name.slice(-3));
      job.write(...figures(names.length));
      job.fail('the grader timed out');
    };
    await expect(trainings.run(at, { service })).rejects.toThrow(/has failed: failed; the grader timed out/);
    await expect(trainings.run(at, { service })).rejects.toThrow(/-a2 has failed/);
    expect(names).toEqual(['-a1', '-a2']);
    trainings.here.aws.openWeight.forget();
    await expect(trainings.run(at, { service })).rejects.toThrow(
      /ftjob-2 was started and is not there any more: it is not started a second time/,
    );
    expect(trainings.count(CREATE)).toBe(2);
  });

  it('is told of where it makes other steps than it should, and where what came out does not answer', async () => {
    const at = write('longer');
    trainings.onJob = (job) => {
      job.write(...figures(8, 8));
      job.complete();
      trainings.here.aws.openWeight.silent.add('openai.gpt-oss-20b:ftjob-1');
    };
    const alarms: string[] = [];
    const run = () =>
      trainings.run(at, { service }, (event) => {
        if (event.type === 'alarm') alarms.push(event.text);
      });
    await expect(run()).rejects.toThrow(
      /ftjob-1 has completed, and what came out of it cannot be asked\. .*the model openai\.gpt-oss-20b:ftjob-1 does not exist/,
    );
    expect(
      alarms.filter((text) => text.includes('AWS makes 8 steps of it, and training.steps is 6')),
    ).toHaveLength(1);
    expect(trainings.count('POST /chat/completions')).toBe(4 + 1);
    trainings.here.aws.openWeight.silent.clear();
    expect((await run()).models['rft']!.metrics['judge_score']!.mean).toBeCloseTo(15 / 20);
  });
});

describe('before anything is paid for it is refused', () => {
  it.each([
    {
      why: 'the key is not taken',
      fault: null,
      key: 'another-key',
      says: /Endpoint: .*HTTP 401, .*make a new key of Bedrock/,
    },
    {
      why: 'there is no key',
      fault: null,
      key: '',
      says: /Endpoint: set the environment variable AWS_BEARER_TOKEN_BEDROCK/,
    },
    {
      why: 'the key may not train',
      fault: { operation: 'GET /fine_tuning/jobs', times: 1, error: 'access_denied', status: 403 },
      key: 'simulated',
      says: /Endpoint: .*HTTP 403, .*lambda:InvokeFunction/,
    },
  ])('where $why', async ({ fault, key, says }) => {
    const at = write(`refused-${key}`, {}, { policy: policy({ api_key_env: 'TOUCHSTONE_TEST_KEY' }) });
    await trainings.deployReward(at);
    process.env[KEY] = key;
    if (fault) trainings.here.aws.fail(fault);
    const message = await trainings.run(at, { service }).catch(String);
    expect(message).toMatch(says);
    expect(message).not.toContain('another-key');
    expect([trainings.count(CREATE), trainings.count('POST /chat/completions')]).toEqual([0, 0]);
  });

  it('where a quota is used up, which the next start gets over', async () => {
    const at = write('quota');
    trainings.onJob = (job) => {
      job.write(...figures(STEPS));
      job.complete();
    };
    trainings.here.aws.fail({ operation: CREATE, times: 1, error: 'quota', status: 429 });
    await expect(trainings.run(at, { service })).rejects.toThrow(/HTTP 429, .*a quota is used up/);
    expect((await trainings.run(at, { service })).steps).toHaveLength(STEPS);
    expect(trainings.count('POST /files')).toBe(1);
  });
});

describe('the plan', () => {
  it('is made without a call, with what is sent, what it costs and what nobody says', async () => {
    const at = write('planned', { alias: 'live', overrides: { learning_rate_multiplier: 0.5 } });
    const plan = await planned(at);
    expect(trainings.here.aws.asked).toEqual([]);
    expect(plan.files.map(({ path }) => path)).toEqual([
      'train.jsonl',
      'request.json',
      'function-policy.json',
      'caller-policy.json',
      'SETTINGS.md',
    ]);
    const read = (name: string): string => readFileSync(join(at, 'out', service.name, name), 'utf8');
    expect(JSON.parse(read('request.json'))).toEqual({
      model: 'openai.gpt-oss-20b',
      training_file: expect.stringMatching(/^ID-OF-ts-.*-a1\.jsonl$/) as string,
      method: {
        type: 'reinforcement',
        reinforcement: {
          grader: {
            type: 'lambda',
            lambda: { function: 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward' },
          },
          // 6 steps of 2 prompts are 3 passes over 4 tasks.
          hyperparameters: { n_epochs: 3, batch_size: 2, learning_rate_multiplier: 0.5 },
        },
      },
    });
    expect(read('caller-policy.json')).toContain('bedrock-mantle:CreateFineTuningJob');
    const remarks = plan.remarks!.join('\n');
    expect(remarks).toMatch(/without the alias live: AWS does not say that it takes one/);
    expect(remarks).toMatch(/AWS does not say how many answers it draws to a prompt/);
    expect(remarks).toMatch(/do nothing there: .*training\.group_size, training\.learning_rate/);
    expect(plan.costs).toContainEqual(
      expect.objectContaining({ what: 'Training', amount: 'as long as it takes: Bedrock takes no limit' }),
    );
    expect(plan.settings).toContainEqual(
      expect.objectContaining({ becomes: 'hyperparameters.learning_rate_multiplier = 0.5' }),
    );
  });

  it.each([
    [
      { kms_key: 'k', tags: { a: 'b' } },
      {},
      /training\.aws\.kms_key: .*leave it out[\s\S]*training\.aws\.tags/,
    ],
    [{ overrides: { n_epochs: 2 } }, {}, /n_epochs is decided by training\.steps and prompts_per_step/],
    [{ overrides: { learning_rate_multiplyer: 2 } }, {}, /did you mean learning_rate_multiplier\?/],
    [{ overrides: { learning_rate_multiplier: 0 } }, {}, /expected a number above 0/],
    [
      { region: 'us-west-2' },
      { policy: { model: 'bedrock:openai.gpt-oss-20b-1:0', max_tokens: 64 } },
      /expected openai-compatible:NAME[\s\S]*policy\.calls\.base_url is not set/,
    ],
  ])('is refused where the API has no such thing: %j', async (aws, changed, says) => {
    await expect(planned(write('refused', aws, changed))).rejects.toThrow(says);
  });
});
