import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeSchema } from '@touchstone/core';
import type { Summary } from '@touchstone/spec';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig, openWorkspace, planTraining, runPipeline, type Backend } from '../index.js';
import { writeSmallRun } from '../small-run.testing.js';
import type { ToldStep } from './backend.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-hosted-'));
let server: ProviderServer;
/** The service is out of reach for the model that came out. */
let isDown = false;
/** What that model says. */
let trained = 'a longer answer';

beforeAll(async () => {
  server = await startProvider({
    respond: ({ model }) => (model === 'base' ? 'short' : trained),
    fate: ({ asked: { model } }) =>
      isDown && model === 'trained' ? { kind: 'error', status: 400 } : { kind: 'reply' },
    sampleOf: ({ model, request, prompt }) => JSON.stringify([model, request.seed, prompt]),
  });
  await writeSmallRun(folder);
  const file = join(folder, 'touchstone.yaml');
  const config = parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
  delete config['training']!['sft'];
  Object.assign(config['training']!, {
    backend: 'bedrock',
    aws: {
      region: 'us-east-1',
      role: 'arn:aws:iam::123456789012:role/training',
      storage: 's3://bucket/rft',
      reward_function: 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward',
    },
  });
  config['policy'] = {
    model: 'openai-compatible:base',
    max_tokens: 8,
    temperature: 1,
    calls: { base_url: server.url, concurrency: 4, price: { input: 1, output: 2 } },
  };
  writeFileSync(file, stringify(config));
});
afterAll(async () => {
  await server.goDown();
  rmSync(folder, { recursive: true, force: true });
});

const step = (n: number): ToldStep => ({
  step: n,
  learned: { reward: n / 4, entropy: 1 },
  seconds: 10,
  groups_P: null,
});

/** In the place of a cloud service, which tells of these steps. @param fails after them. */
const serviceTelling = (told: readonly number[], fails = false): Backend => ({
  name: 'bedrock',
  plan: () => Promise.resolve({ files: [], settings: [] }),
  preflight: () => Promise.resolve([]),
  launch: () =>
    Promise.resolve({
      async *follow() {
        for (const n of told) yield await Promise.resolve(step(n));
        if (fails) throw new Error('the job has failed');
      },
      fetch: () =>
        Promise.resolve({
          folder: null,
          engine: {
            name: 'bedrock',
            versions: {},
            hosted: { job: 'arn:job', steps: Math.max(0, ...told), model: 'openai-compatible:trained' },
          },
        }),
      close: () => Promise.resolve(),
    }),
});
const service = serviceTelling([1, 3]);

async function run(backend = service, out?: string): Promise<Summary> {
  const workspace = await openWorkspace(await loadConfig(folder), out);
  try {
    return await runPipeline(workspace, { backends: [backend], reasons: { noGate: 'only a test' } });
  } finally {
    workspace.store.close();
  }
}

it('a model that a service trains is evaluated where it is, and its answers are paid for once', async () => {
  isDown = true;
  const before = server.provider.ledger.counts.calls;
  await expect(run()).rejects.toThrow(
    /arn:job has completed, and what came out of it cannot be asked. openai-compatible:trained does not answer: .*the same command goes on here/,
  );
  // The base's answers, and one question to what came out.
  const asked = server.provider.ledger.counts.calls;
  expect(asked - before).toBe(8 + 1);
  isDown = false;
  const summary = await run();
  // The question again.
  expect(server.provider.ledger.counts.calls - asked).toBe(1 + 8);
  expect(server.provider.ledger.counts.redundant).toBe(0);

  expect(summary.training).toMatchObject({
    engine: { name: 'bedrock', hosted: { job: 'arn:job', steps: 3 } },
    rollouts: null,
    zero_variance_groups: null,
    tokens: null,
  });
  expect(summary.steps.map(({ step: n, metrics }) => [n, metrics['reward']])).toEqual([
    [1, 0.25],
    [3, 0.75],
  ]);
  // The judge counts letters: 5 of 7 and 15 mod 7.
  expect(summary.models['base']!.metrics['judge_score']!.mean).toBeCloseTo(5 / 6);
  expect(summary.models['rft']!.metrics['judge_score']!.mean).toBeCloseTo(1 / 6);
  expect(await run()).toMatchObject({ models: summary.models });
  expect(server.provider.ledger.counts.calls - asked).toBe(1 + 8);
});

it.each([
  { told: [2, 3, 2], kept: [2, 3], alarm: null },
  { told: [2], kept: [2], alarm: 'told of is 2; training.steps is 3' },
  { told: [], kept: [], alarm: 'told of is 0; training.steps is 3' },
])('no step of an attempt that has failed is left beside $told', async ({ told, kept, alarm }) => {
  const out = join(folder, `told-${told.join('-')}`);
  await expect(run(serviceTelling([1, 2], true), out)).rejects.toThrow('the job has failed');
  const { steps, training, alarms } = await run(serviceTelling(told), out);
  expect(steps.map(({ step: n }) => n)).toEqual(kept);
  expect(training.steps).toBe(kept.at(-1) ?? 0);
  expect(alarms.some((one) => one.includes('training.steps'))).toBe(alarm !== null);
  expect(alarms.join()).toContain(alarm ?? '');
});

it('a model that has learned to say nothing has its empty answers judged, and no others are drawn in their place', async () => {
  trained = ' ';
  const { models } = await run(service, join(folder, 'silent'));
  trained = 'a longer answer';
  expect(models['rft']!.metrics['judge_score']!.mean).toBe(0);
});

it('is planned with the money that its answers cost', async () => {
  mkdirSync(join(folder, 'plan'), { recursive: true });
  const workspace = await openWorkspace(await loadConfig(folder), join(folder, 'plan'));
  const plan = await planTraining(workspace, [service]);
  workspace.store.close();
  expect(plan).toMatchObject({ backend: 'bedrock', steps: 3, evaluated: 16 });
  // 16 answers of 8 tokens at most, and about 12 tokens of each prompt.
  expect(plan.money! * 1e6).toBeCloseTo(16 * (8 * 2 + 12), -2);
});

it.each([
  // 4 items of each of 3 × 4 answers of training and of 16 of evaluations.
  { kind: 'a judge of items', more: { unit: 'item', max_items: 4 }, calls: 4 * (3 * 4 + 16) },
  // A group of 4 answers is asked about together; copies of one answer would cost nothing.
  { kind: 'a judge that compares', more: { kind: 'group' }, calls: null },
])('$kind is planned with its calls where no answers are labelled', async ({ kind, more, calls }) => {
  const loaded = await loadConfig(folder);
  const { labelled: _, ...data } = loaded.config.data;
  const judge = judgeSchema.parse({
    model: 'openai-compatible:judge',
    base_url: server.url,
    price: { input: 1, output: 1 },
    criteria: [{ name: 'good', question: 'Is it good?' }],
    objective: 'You judge answers.',
    ...more,
  });
  const out = join(folder, `plan-${kind}`);
  const config = { ...loaded.config, gate: 'off' as const, data, judge };
  const workspace = await openWorkspace({ ...loaded, config }, out);
  const plan = await planTraining(workspace, [service]);
  workspace.store.close();
  if (calls === null) expect(plan.calls).toBeGreaterThan(0);
  else expect(plan.calls).toBe(calls);
  expect(plan.costs[0]!.money).toBeGreaterThan(0);
});
