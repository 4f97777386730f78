import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@touchstone/spec';
import { afterAll, expect, it } from 'vitest';
import { loadConfig, openWorkspace, runPipeline } from '../index.js';
import { writeSmallRun } from '../small-run.testing.js';

const outer = mkdtempSync(join(tmpdir(), 'touchstone-roll-back-'));
afterAll(() => rmSync(outer, { recursive: true, force: true }));

const STEPS = 6;
/** A step without a checkpoint of its own, after two that have been scored. */
const ASKED_AT = 5;
const BACK = /those of step (\d) again/;

/** A run that is asked to roll back after two of its checkpoints have been scored. @param spoil what happens to its folder just before. */
async function rolledBack(name: string, spoil: (out: string) => void = () => {}) {
  const folder = join(outer, name);
  const out = join(folder, 'out');
  await writeSmallRun(folder, 1, ({ training }) => {
    Object.assign(training, { steps: STEPS, checkpoint_every: 2, save_top_k: 2, validation_tasks: 2 });
    Reflect.deleteProperty(training, 'sft');
  });
  const run = async (goOn?: string, onEvent: (event: RunEvent) => void = () => {}) => {
    const workspace = await openWorkspace(await loadConfig(folder));
    try {
      return await runPipeline(workspace, { onEvent, goOn, reasons: { noGate: 'only a test' } });
    } finally {
      workspace.store.close();
    }
  };
  const messageOf = (ended: Promise<unknown>): Promise<string> =>
    ended.then(
      () => 'it was not paused',
      (error: unknown) => (error as Error).message,
    );
  const message = await messageOf(
    run(undefined, (event) => {
      if (event.type !== 'step' || event.step.step !== ASKED_AT) return;
      spoil(out);
      writeFileSync(join(out, 'asked.txt'), 'roll-back\n');
    }),
  );
  const steps = () =>
    readdirSync(join(out, 'checkpoints'))
      .sort()
      .map((one) => Number(one.slice(5)));
  return { message, steps, again: () => messageOf(run()), goOn: () => run('it is only a test') };
}

/** Flips a bit of a checkpoint's weights. */
function damage(out: string, step: number): void {
  const file = join(out, 'checkpoints', `step-00000${step}`, 'model.safetensors');
  const bytes = readFileSync(file);
  bytes[bytes.length - 100]! ^= 1;
  writeFileSync(file, bytes);
}

it('goes back to another scored checkpoint where the best does not hold, and to none where none does', async () => {
  const whole = await rolledBack('whole');
  const best = Number(BACK.exec(whole.message)?.[1]);
  expect([2, 4]).toContain(best);
  expect(Math.max(...whole.steps())).toBe(best);

  const next = 6 - best;
  const one = await rolledBack('one', (out) => damage(out, best));
  expect(one.message).toMatch(
    new RegExp(`step-00000${best}: model.safetensors is not what was written[^]*those of step ${next} again`),
  );
  expect(one.steps()).toEqual([2, 4].filter((step) => step <= next || (step === best && best < next)));
  expect(BACK.exec(await one.again())?.[1]).toBe(String(next));
  // Where the damaged one is what comes out, the next command makes it again.
  expect((await one.goOn().catch(one.goOn)).steps).toHaveLength(STEPS);

  const none = await rolledBack('none', (out) => [2, 4].forEach((step) => damage(out, step)));
  expect(none.message).toMatch(
    /step-000002: model[^]*None of the scored checkpoints holds[^]*nothing is removed/,
  );
  expect(none.message).not.toMatch(BACK);
  expect(none.steps()).toEqual([2, 4, ASKED_AT]);
  expect((await none.goOn().catch(none.goOn)).steps).toHaveLength(STEPS);
}, 60_000);
