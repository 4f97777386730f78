import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, openWorkspace, planTraining } from '@touchstone/run';
import type { SimulatedJob } from '@touchstone/testing';
import { describe, expect, it } from 'vitest';
import { makeBundle } from '../bundle.js';
import { hosted } from './backend.js';
import { bedrock } from './bedrock.js';
import { sagemakerNova } from './nova.js';
import { sagemakerServerless } from './serverless.js';
import { STEPS, Trainings } from './trainings.testing.js';

const trainings = Trainings.inThisFile();

const logged = (steps: number): string[] =>
  Array.from(
    { length: steps },
    (_, i) =>
      `step:${i + 1} - critic/rewards/mean:${i / 10} - actor/entropy:1.5 - timing_s/step:2.5 - actor/lr:1e-05`,
  );
const table = (steps: number): string[] => [
  'step_number,epoch_number,train_reward_mean,policy_entropy',
  ...Array.from({ length: steps }, (_, i) => `${i + 1},0,${i / 10},1.5`),
];
const SERVICES = [
  { service: sagemakerNova, lines: logged, create: 'CreateTrainingJob' },
  {
    service: sagemakerServerless,
    lines: logged,
    create: 'CreateTrainingJob',
    more: {
      accept_eula: true,
      base: 'arn:aws:sagemaker:us-east-1:aws:hub-content/SageMakerPublicHub/Model/nova-textgeneration-lite-v2/1.0.0',
    },
  },
  { service: bedrock, lines: table, create: 'CreateModelCustomizationJob' },
];

describe.each(SERVICES)('$service.name', ({ service, lines, create, more }) => {
  const { name } = service;

  it('runs from the gate to the report, and pays for nothing twice', async () => {
    const at = trainings.write(`whole-${name}`, name, more);
    trainings.onJob = (job) => {
      job.write(...lines(STEPS));
      job.complete();
    };
    await trainings.deployReward(at);
    const summary = await trainings.run(at, { service });
    expect(summary.training).toMatchObject({
      engine: {
        name,
        hosted: { steps: STEPS, model: expect.stringMatching(/^bedrock:arn:.*deployment/) as string },
      },
      rollouts: null,
    });
    expect(summary.steps.map(({ metrics }) => [metrics['reward'], metrics['entropy']])).toEqual(
      Array.from({ length: STEPS }, (_, i) => [i / 10, 1.5]),
    );
    // Bedrock's table says nothing of time.
    expect(summary.training.wall_seconds).toBe(name === 'bedrock' ? null : 2.5 * STEPS);
    expect(summary.models['base']!.metrics['judge_score']!.mean).toBeCloseTo(5 / 20);
    expect(summary.models['rft']!.metrics['judge_score']!.mean).toBeCloseTo(15 / 20);
    const sent = JSON.parse(
      readFileSync(join(at, 'out', name, 'train.jsonl'), 'utf8').split('\n')[0]!,
    ) as object;
    expect(Object.keys(sent)).toEqual(['id', 'messages', 'reference_answer']);
    const before = trainings.calls();
    await trainings.run(at, { service });
    expect(trainings.calls() - before).toBe(0);
    expect(trainings.count(create)).toBe(1);
  });

  it('is found again by a command that was killed, and followed to its end', async () => {
    const at = trainings.write(`killed-${name}`, name, more);
    let working: SimulatedJob | undefined;
    trainings.onJob = (job) => {
      working = job;
      job.write(...lines(2));
    };
    // The reply to the request that starts it is lost, and the process ends at the first step.
    trainings.here.aws.fail({ operation: create, times: 1, error: 'lost' });
    const stopped = trainings.run(at, { service }, (event) => {
      if (event.type === 'step') throw new Error('killed');
    });
    await expect(stopped).rejects.toThrow('killed');
    working!.write(...(name === 'bedrock' ? lines(STEPS) : lines(STEPS).slice(2)));
    working!.complete();
    const alarms: string[] = [];
    const summary = await trainings.run(at, { service }, (event) => {
      if (event.type === 'alarm') alarms.push(event.text);
    });
    expect(summary.steps).toHaveLength(STEPS);
    expect(new Set(trainings.here.aws.asked).has('StopTrainingJob')).toBe(false);
    expect(alarms.join()).not.toContain('next attempt');
  });

  it('is tried again under another name when it has failed, and not when it has vanished', async () => {
    const at = trainings.write(`failed-${name}`, name, more);
    const names: string[] = [];
    trainings.onJob = (job) => {
      names.push(job.name);
      job.write(...lines(names.length === 1 ? 1 : STEPS));
      if (names.length === 1) job.fail('the container ran out of memory');
      else job.complete();
    };
    await expect(trainings.run(at, { service })).rejects.toThrow(/has failed: .*ran out of memory/);
    const summary = await trainings.run(at, { service });
    expect(summary.steps).toHaveLength(STEPS);
    expect(names.map((one) => one.slice(-3))).toEqual(['-a1', '-a2']);
    expect(summary.alarms.join()).toContain('The next attempt is started');
  });

  it('is not started twice when it has vanished', async () => {
    const at = trainings.write(`vanished-${name}`, name, more);
    let working: SimulatedJob | undefined;
    trainings.onJob = (job) => {
      working = job;
      job.write(...lines(2));
    };
    await expect(
      trainings.run(at, { service }, (event) => {
        if (event.type === 'step') throw new Error('killed');
      }),
    ).rejects.toThrow('killed');
    const { arn } = JSON.parse(readFileSync(join(at, 'out', name, 'job.json'), 'utf8')) as { arn: string };
    if (name === 'bedrock') trainings.here.aws.bedrock.forget(working!.name);
    else trainings.here.aws.sagemaker.forget(working!.name);
    expect(arn).toBe(working!.arn);
    await expect(trainings.run(at, { service })).rejects.toThrow(
      /is not there any more: it is not started a second time/,
    );
    expect(trainings.count(create)).toBe(1);
  });

  it('is refused before anything is paid for where the role or the function is wrong', async () => {
    const at = trainings.write(`refused-${name}`, name, more);
    const before = trainings.calls();
    trainings.here.aws.iam.denied.add('s3:PutObject');
    trainings.here.aws.lambda.add('SageMaker-reward', () => ({ statusCode: 200, body: '[]' }));
    // Another judge than the one that is examined here.
    const other = trainings.write(`other-${name}`, name, more);
    writeFileSync(join(other, 'judge.mjs'), 'export default () => [];');
    await trainings.deployReward(other);
    await expect(trainings.run(at, { service })).rejects.toThrow(
      /Role: s3:PutObject .* is not allowed[\s\S]*holds another reward than this configuration's.*judge\.mjs differ[\s\S]*Reward function: expected a list of 4 results/,
    );
    expect(trainings.count(create)).toBe(0);
    expect(trainings.calls() - before).toBe(0);
  });

  it('is not started where the function was deployed anew while the judge and the base were paid for', async () => {
    const at = trainings.write(`anew-${name}`, name, more);
    const other = trainings.write(`anew-other-${name}`, name, more);
    writeFileSync(join(other, 'judge.mjs'), 'export default () => [];');
    await trainings.deployReward(at);
    const changed = (await makeBundle(await loadConfig(other))).zip;
    const started = trainings.run(at, { service }, (event) => {
      if (event.type === 'stage-started' && event.stage === 'train rft')
        trainings.here.aws.s3.objects.set('functions/SageMaker-reward.zip', Buffer.from(changed));
    });
    await expect(started).rejects.toThrow(/holds another reward than this configuration's/);
    expect(trainings.count(create)).toBe(0);
  });

  it('is planned without a call', async () => {
    const at = trainings.write(`planned-${name}`, name, {
      ...more,
      prices: { hour: 100, function_call: 0.001 },
      max_hours: 3,
    });
    const workspace = await openWorkspace(await loadConfig(at));
    const plan = await planTraining(workspace, [hosted(service)]);
    workspace.store.close();
    expect(trainings.here.aws.asked).toEqual([]);
    expect(plan.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['train.jsonl', 'request.json', 'role-policy.json', 'SETTINGS.md']),
    );
    const remarks = plan.remarks!.join('\n');
    expect(remarks).toMatch(/^Training examples: 4, and AWS takes 100 to 20000: it will refuse the job/);
    expect(remarks).toMatch(/without a counterpart in AWS.*training\.warmup_steps/);
    const limited = name !== 'bedrock';
    expect(plan.costs).toContainEqual(
      expect.objectContaining({ what: 'Training', money: limited ? 300 : null }),
    );
    expect(/if it counts answers/.test(remarks)).toBe(limited);
    expect(plan.settings.map(({ setting }) => setting)).toContain('training.steps');
  });
});

it('is not begun on HyperPod, where the judge and the base would be paid for first', async () => {
  const at = trainings.write('hyperpod', 'sagemaker-nova', { platform: 'hyperpod' });
  await trainings.deployReward(at);
  const before = trainings.calls();
  await expect(trainings.run(at, { service: sagemakerNova })).rejects.toThrow(
    /Training: HyperPod starts its jobs by its own command/,
  );
  expect(trainings.calls() - before).toBe(0);
});

it('is refused where the function answers beyond aws.range', async () => {
  const at = trainings.write('beyond', 'sagemaker-nova');
  await trainings.deployReward(at);
  trainings.here.aws.lambda.add('SageMaker-reward', (event) =>
    (event as { id: string }[]).map(({ id }) => ({ id, aggregate_reward_score: -1 })),
  );
  await expect(trainings.run(at, { service: sagemakerNova })).rejects.toThrow(
    /Reward function: it answers -1, and aws.range goes from 0 to 1/,
  );
});

it('is not planned for another model than the base that is evaluated', async () => {
  const at = trainings.write('other-base', 'sagemaker-nova');
  const file = join(at, 'touchstone.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('us.amazon.nova-2-lite-v1:0', 'us.amazon.nova-pro-v1:0'),
  );
  const workspace = await openWorkspace(await loadConfig(at));
  await expect(planTraining(workspace, [hosted(sagemakerNova)])).rejects.toThrow(
    /policy.model is bedrock:us.amazon.nova-pro-v1:0, and what is trained is Amazon Nova 2 Lite/,
  );
  workspace.store.close();
});
