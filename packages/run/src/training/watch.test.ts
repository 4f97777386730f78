import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PausedError, type RunEvent, type Summary } from '@touchstone/spec';
import { openRun, sha256 } from '@touchstone/store';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig, openWorkspace, runPipeline } from '../index.js';
import { writeSmallRun } from '../small-run.testing.js';
import { ask } from './asked.js';

const outer = mkdtempSync(join(tmpdir(), 'touchstone-watch-'));
const judge = globalThis as { smallJudgeIsHarsh?: boolean };
afterAll(() => {
  delete judge.smallJudgeIsHarsh;
  rmSync(outer, { recursive: true, force: true });
});

const STEPS = 6;
/** Counts letters, and gives next to nothing when a test says so: another judge behind the name. */
const JUDGE = `export default (rollouts) => rollouts.map(({ response }) =>
  ({ score: (globalThis.smallJudgeIsHarsh ? 0.01 : 1) * (0.5 + ([...response].length % 7) / 12) }));`;

let count = 0;
/** A run whose folder nobody else has. */
async function folderWith(monitors: object, training: object = {}): Promise<string> {
  const folder = join(outer, String(count++));
  await writeSmallRun(folder);
  writeFileSync(join(folder, 'judge.mjs'), JUDGE);
  writeFileSync(join(folder, 'heldout.mjs'), JUDGE.replace('12', '13'));
  const labelled = [1, 2, 3].map((n) => ({
    id: `l${n}`,
    messages: [{ role: 'user', content: `Add ${n}.` }],
    response: 'x'.repeat(n),
    labels: { score: 1 },
  }));
  writeFileSync(join(folder, 'labelled.jsonl'), labelled.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const file = join(folder, 'touchstone.yaml');
  const config = parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
  config['monitors'] = { every: 2, tasks: 2, ...monitors };
  config['heldout_judge'] = { kind: 'code', module: './heldout.mjs' };
  config['validation'] = { repeats: 1, probes: 0, variants: 0 };
  Object.assign(config['data']!, { labelled: 'labelled.jsonl' });
  const { sft: _, ...rest } = config['training']!;
  config['training'] = { ...rest, steps: STEPS, checkpoint_every: 4, ...training };
  writeFileSync(file, stringify(config));
  return folder;
}

async function run(
  folder: string,
  goOn?: string,
  onEvent: (event: RunEvent) => void = () => {},
): Promise<Summary> {
  const workspace = await openWorkspace(await loadConfig(folder));
  try {
    return await runPipeline(workspace, { onEvent, goOn, reasons: { noGate: 'only a test' } });
  } finally {
    workspace.store.close();
  }
}

/** SHA-256 of each checkpoint that run.db knows, by step. */
function digests(folder: string): Record<number, string> {
  const store = openRun(join(folder, 'out'), { readOnly: true });
  try {
    return Object.fromEntries(store.checkpoints('train rft').map(({ step, digest }) => [step, digest]));
  } finally {
    store.close();
  }
}

const lastWeights = (folder: string): string =>
  sha256(readFileSync(join(folder, 'out', 'checkpoints', `step-00000${STEPS}`, 'model.safetensors')));

/** Every group of this judge differs or not by chance: above −1 it always is. */
const ALWAYS = { zero_variance: { threshold: -1, action: 'pause' } };
let undisturbed: Summary;
let weights: string;
beforeAll(async () => {
  const folder = await folderWith({ zero_variance: { threshold: -1, action: 'warn' } });
  undisturbed = await run(folder);
  weights = lastWeights(folder);
}, 60_000);

it('a warning is told, kept and summarised; looks are figures of their steps', () => {
  expect(undisturbed.monitor_alarms).toMatchObject([
    { monitor: 'zero_variance', step: 5, threshold: -1, action: 'warn' },
  ]);
  expect(undisturbed.alarms.join()).not.toContain('zero_variance');
  const looked = undisturbed.steps.filter(({ metrics }) => typeof metrics['heldout_gap'] === 'number');
  expect(looked.map(({ step }) => step)).toEqual([2, 4, 6]);
  expect(looked[0]!.metrics).toMatchObject({ anchor_shift: 0, anchor_error: 0 });
  expect(undisturbed.steps[0]!.metrics).toHaveProperty('length_correlation');
  // The held-out judge of these runs ranks as the judge does.
  const leads = undisturbed.steps.flatMap(({ metrics }) => metrics['winner_lead'] ?? []);
  expect(leads.length).toBeGreaterThan(0);
  for (const lead of leads) expect(lead).toBeGreaterThan(0);
});

it('the held-out judge is asked about winners only, and an alarm comes where it refutes them', async () => {
  const folder = await folderWith({ winners: 1, refuted_winners: { threshold: 0.2, action: 'warn' } });
  writeFileSync(join(folder, 'heldout.mjs'), JUDGE.replace('score: ', 'score: 1.1 - '));
  const { monitor_alarms } = await run(folder);
  expect(monitor_alarms[0]).toMatchObject({ monitor: 'refuted_winners', action: 'warn' });
  const store = openRun(join(folder, 'out'), { readOnly: true });
  try {
    const kept = store.rollouts('watch winners');
    expect(kept.length).toBeLessThanOrEqual(2 * STEPS);
    for (const { reward, heldout } of kept)
      expect([reward?.status, heldout?.status]).toEqual(['scored', 'scored']);
  } finally {
    store.close();
  }
});

it('a held-out judge that gives no verdict on winners pauses the training, and is told of once', async () => {
  const folder = await folderWith({ tasks: 0 });
  // Silent from the first step on: the base model's answers are judged before.
  writeFileSync(
    join(folder, 'heldout.mjs'),
    `export default (rollouts) => rollouts.map(({ id, response }) =>
      /^(base|rft)[/]/.test(id) ? { score: 0.5 + ([...response].length % 7) / 13 } : { score: NaN });`,
  );
  await expect(run(folder)).rejects.toThrow(/heldout_silent[^]*cannot be compared: it gave no verdict/);
  const { steps, monitor_alarms } = await run(folder, 'it is silent on purpose');
  expect(monitor_alarms.map(({ monitor }) => monitor)).toEqual(['heldout_silent']);
  const asked = steps.filter(({ metrics }) => metrics['winner_asked']);
  expect(asked.length).toBeGreaterThan(1);
  for (const { metrics } of asked) expect(metrics['winner_pairs']).toBe(0);
});

it('a pause ends the command until somebody says why to go on, and changes no weight', async () => {
  const folder = await folderWith(ALWAYS);
  const paused = await run(folder).catch((error: unknown) => error);
  expect(paused).toBeInstanceOf(PausedError);
  expect(paused).toMatchObject({
    exitCode: 4,
    message: expect.stringMatching(/after step 5:\n.*zero_variance/),
  });
  await expect(run(folder)).rejects.toThrow('--go-on "REASON"');
  await expect(run(folder, ' ')).rejects.toThrow('--go-on: expected a reason');
  const summary = await run(folder, 'it is only a test');
  expect(summary.resumed).toEqual([{ step: 5, reason: 'it is only a test' }]);
  expect(summary.monitor_alarms).toMatchObject([{ monitor: 'zero_variance', step: 5, action: 'pause' }]);
  expect(lastWeights(folder)).toBe(weights);
});

it('a pause changes nothing of what comes out, and its checkpoint goes with the next', async () => {
  const training = { checkpoint_every: 2, save_top_k: 1, patience: 2, validation_tasks: 2, steps: 10 };
  const outcome = ({ steps, training: { checkpoint } }: Summary) => ({
    checkpoint,
    steps: steps.map(({ metrics }) => metrics),
  });
  const folder = await folderWith({ zero_variance: { threshold: -1, action: 'warn' } }, training);
  const expected = outcome(await run(folder));
  expect(expected.steps.filter((metrics) => 'validation_score' in metrics).length).toBeGreaterThan(2);

  const paused = await folderWith(ALWAYS, training);
  await expect(run(paused)).rejects.toThrow(/after step 5:/);
  // That of the pause takes the place of neither of the newest two.
  expect(Object.keys(digests(paused))).toEqual(['2', '4', '5']);
  expect(outcome(await run(paused, 'it is only a test'))).toEqual(expected);
  expect(Object.keys(digests(paused))).toEqual(Object.keys(digests(folder)));
}, 30_000);

it('a run that is stopped sees what one that is not sees, and tells it once', async () => {
  const folder = await folderWith({ zero_variance: { threshold: -1, action: 'warn' } });
  const stopAt = (at: number) =>
    run(folder, undefined, (event) => {
      if (event.type === 'step' && event.step.step === at) throw new Error(`stopped at ${at}`);
    });
  await expect(stopAt(5)).rejects.toThrow('stopped at 5');
  const { monitor_alarms, steps } = await run(folder);
  expect(monitor_alarms).toEqual(undisturbed.monitor_alarms);
  const figures = (all: Summary['steps']) => all.map(({ metrics }) => metrics);
  expect(figures(steps)).toEqual(figures(undisturbed.steps));
  expect(lastWeights(folder)).toBe(weights);
});

it('waits while somebody beside it asks it to, and changes no weight', async () => {
  const folder = await folderWith({ zero_variance: { threshold: -1, action: 'warn' } });
  const out = join(folder, 'out');
  mkdirSync(out);
  await ask(out, 'pause');
  const told: RunEvent['type'][] = [];
  await run(folder, undefined, (event) => {
    told.push(event.type);
    if (event.type === 'alarm' && event.text.includes('Training waits')) {
      expect(told.filter((type) => type === 'step')).toHaveLength(1);
      setTimeout(() => void ask(out, null), 300);
    }
  });
  expect(told.filter((type) => type === 'step')).toHaveLength(STEPS);
  expect(lastWeights(folder)).toBe(weights);
});

it('rolls back when somebody beside it asks it to, and refuses what it does not know', async () => {
  const folder = await folderWith({}, { save_top_k: 2, validation_tasks: 2, checkpoint_every: 2 });
  const out = join(folder, 'out');
  mkdirSync(out);
  await ask(out, 'roll-back');
  await expect(run(folder)).rejects.toThrow(/after step 1:\n[^]*asked for it from beside/);
  writeFileSync(join(out, 'asked.txt'), 'stop');
  await expect(run(folder, 'seen it')).rejects.toThrow(/asked.txt: expected pause or roll-back, got "stop"/);
  await ask(out, null);
  expect((await run(folder, 'seen it')).steps).toHaveLength(STEPS);
});

it('rolls back to the checkpoint that validation scores speak for, bit for bit, and goes on from there', async () => {
  const training = { save_top_k: 2, validation_tasks: 2, checkpoint_every: 2 };
  const folder = await folderWith({ anchor_drift: { action: 'rollback' }, heldout_gap: 'off' }, training);
  let good: Record<number, string> = {};
  const harshAfter4 = (event: RunEvent): void => {
    if (event.type !== 'step' || event.step.step !== 4) return;
    judge.smallJudgeIsHarsh = true;
    good = digests(folder);
  };
  const paused = /after step 6:\n[^]*anchor_drift[^]*those of step (\d) again/;
  const { message } = (await run(folder, undefined, harshAfter4).catch((error: unknown) => error)) as Error;
  expect(message).toMatch(paused);
  const best = Number(paused.exec(message)![1]);
  const kept = digests(folder);
  expect(Math.max(...Object.keys(kept).map(Number))).toBe(best);
  expect(kept[best]).toBe(good[best]);
  // Asked again, it says the same and changes nothing. (A checkpoint is read only where it is what was written.)
  await expect(run(folder)).rejects.toThrow(`those of step ${best} again`);
  expect(digests(folder)).toEqual(kept);
  const summary = await run(folder, 'the judge was changed on purpose');
  expect(summary.resumed).toEqual([{ step: 6, reason: 'the judge was changed on purpose' }]);
  expect(summary.monitor_alarms.filter(({ monitor }) => monitor === 'anchor_drift')).toHaveLength(1);
});
