import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { Policy } from '@touchstone/train';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figuresOf, NO_GATE, runSmall, writeSmallRun } from './small-run.testing.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-top-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const STEPS = 6;
/** A held-out judge that wants the opposite of what is trained for. */
const OPPOSITE = `export default (rollouts) =>
  rollouts.map(({ response }) => ({ score: 1 - Math.min(1, [...response].length / 30) }));
`;
const LONGER = OPPOSITE.replace('1 - ', '');

async function write(folder: string, more: object): Promise<void> {
  await writeSmallRun(folder, 1, (config) => {
    Object.assign(config.training, {
      steps: STEPS,
      group_size: 4,
      save_top_k: 1,
      validation_tasks: 2,
      sft: undefined,
      ...more,
    });
    config.heldout_judge = { kind: 'code', module: './opposite.mjs' };
  });
  writeFileSync(join(folder, 'judge.mjs'), LONGER);
  writeFileSync(join(folder, 'opposite.mjs'), OPPOSITE);
}

const whole = join(root, 'whole');
const copyOf = (moment: string): string => {
  const folder = mkdtempSync(join(root, 'case-'));
  cpSync(join(root, moment), folder, { recursive: true });
  return folder;
};
const checkpoints = (folder: string): string[] => readdirSync(join(folder, 'out/checkpoints')).sort();
const nameOf = (step: number): string => `step-00000${step}`;
let expected: Summary;
let chosen: number;

beforeAll(async () => {
  await write(whole, {});
  expected = await runSmall(whole, (event) => {
    if (event.type === 'step' && event.step.step === 3)
      cpSync(whole, join(root, 'half'), { recursive: true });
    if (event.type === 'stage-started' && event.stage === 'evaluate rft')
      cpSync(whole, join(root, 'trained'), { recursive: true });
  });
  chosen = expected.training.checkpoint!.step;
}, 120_000);

test('what is trained away from the held-out judge is shipped as it was before, and kept', async () => {
  const { checkpoint } = expected.training;
  expect(checkpoint).toMatchObject({
    of: STEPS,
    checkpoints: STEPS,
    silent: 0,
    because: 'neighbours',
    tasks: 2,
    scored_by: 'held-out judge',
  });
  expect(chosen).toBeLessThan(STEPS - 1);
  expect(checkpoints(whole)).toEqual([chosen, STEPS - 1, STEPS].map(nameOf));
  expect(expected.data.train_tasks).toBe(2);
  expect(expected.models['rft']).toMatchObject({ answers: 8, abstained: 0, heldout_abstained: 0 });

  const policy = await Policy.load(join(whole, 'out/checkpoints', nameOf(chosen)));
  const store = openRun(join(whole, 'out'), { readOnly: true });
  const tasks = store.tasks('eval');
  const evaluated = store.rollouts('evaluate rft').map(({ rollout }) => rollout.response);
  const validation = store.tasks('validation').map(({ id }) => id);
  const trained = new Set(store.rollouts('train rft').map(({ rollout }) => rollout.task.id));
  store.close();
  const draws = { samples: 2, seed: 1, name: 'rft' };
  const drawn = await policy.sample(tasks, { temperature: 1, max_tokens: 4 }, draws);
  expect(drawn.map(({ rollout }) => rollout.response)).toEqual(evaluated);
  expect(validation.filter((id) => trained.has(id))).toEqual([]);
});

test('stopped in the middle it comes to the same choice and the same figures', async () => {
  const folder = copyOf('half');
  expect(figuresOf(await runSmall(folder))).toEqual(figuresOf(expected));
  expect(checkpoints(folder)).toEqual(checkpoints(whole));
});

test('a chosen checkpoint that does not hold is made again, and that is said', async () => {
  const folder = copyOf('trained');
  truncateSync(join(folder, 'out/checkpoints', nameOf(chosen), 'model.safetensors'), 100);
  const summary = await runSmall(folder);
  expect(figuresOf(summary)).toEqual(figuresOf(expected));
  expect(summary.alarms.join('\n')).toMatch(/model\.safetensors has 100 bytes.*made again/);
});

test('a held-out judge that is silent on the last checkpoints takes nobody back to an earlier one', async () => {
  const folder = join(root, 'silent');
  await write(folder, {});
  // It has heard of the first three checkpoints, and says nothing of answers after them.
  const asked = `let asked = 0;
export default (rollouts) =>
  rollouts.map(({ id, response }) =>
    id.startsWith('validation') && asked++ >= 6
      ? { abstained: 'not sure' }
      : { score: 1 - Math.min(1, [...response].length / 30) });
`;
  writeFileSync(join(folder, 'opposite.mjs'), asked);
  const config = join(folder, 'touchstone.yaml');
  writeFileSync(config, `${readFileSync(config, 'utf8')}reward: { abstention: { limit: 1 } }\n`);
  const { checkpoint } = (await runSmall(folder)).training;
  expect(checkpoint).toMatchObject({ step: STEPS, because: 'not-compared', of: 3, silent: 6 });
  expect(checkpoints(folder)).toContain(nameOf(STEPS));
});

test('patience ends training where the scores no longer rise', async () => {
  const folder = join(root, 'patient');
  await write(folder, { patience: 2 });
  const summary = await runSmall(folder);
  expect(summary.training.steps).toBeLessThan(STEPS);
  expect(summary.alarms).toEqual([NO_GATE]);
});
