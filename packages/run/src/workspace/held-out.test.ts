import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT, InputError, type Task } from '@touchstone/spec';
import { afterAll, expect, it } from 'vitest';
import { loadConfig } from '../config/load.js';
import { runPipeline } from '../pipeline.js';
import { writeSmallRun } from '../small-run.testing.js';
import { assertHeldOut } from './held-out.js';
import { openWorkspace } from './workspace.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-held-out-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function refusal(): Promise<InputError> {
  const error: unknown = await loadConfig(folder)
    .then(openWorkspace)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return error as InputError;
}

it('a run is refused whose held-out tasks are trained on, under whatever ids', async () => {
  await writeSmallRun(folder);
  const at = (name: string) => join(folder, name);
  const lines = (name: string) => readFileSync(at(name), 'utf8').trim().split('\n');
  const [first, ...others] = lines('eval.jsonl');
  writeFileSync(
    at('eval.jsonl'),
    [first, ...lines('train.jsonl').map((line) => line.replace('"t', '"copy'))].join('\n'),
  );
  const { message, exitCode } = await refusal();
  expect(exitCode).toBe(EXIT.badInput);
  expect(message).toBe(
    `${at('eval.jsonl')}: expected tasks that are not trained on, and 4 of 5 are in ${at('train.jsonl')} too, with the same ` +
      'messages and reference: "copy1" ("t1" there), "copy2" ("t2" there), "copy3" ("t3" there) and 1 more. ' +
      'Take them out of one of the two files',
  );

  // One who names one file twice tries a run out: its figures say so.
  const config = readFileSync(at('touchstone.yaml'), 'utf8');
  writeFileSync(at('touchstone.yaml'), config.replace('eval.jsonl', 'train.jsonl'));
  const tried = await openWorkspace(await loadConfig(folder));
  const alarms: string[] = [];
  const summary = await runPipeline(tried, {
    reasons: { noGate: 'only a test' },
    onEvent: (event) => void (event.type === 'alarm' && alarms.push(event.text)),
  });
  tried.store.close();
  expect(summary.data).toMatchObject({ eval_tasks: 4, eval_trained: true });
  expect(alarms[0]).toMatch(/data\.eval is data\.train/);
  writeFileSync(at('touchstone.yaml'), config);

  // Supervised fine-tuning trains on the annotated answers.
  const annotated = JSON.stringify({ id: 'a', messages: [{ role: 'user', content: 'Add 1.' }] });
  writeFileSync(at('eval.jsonl'), [annotated, ...others].join('\n'));
  expect((await refusal()).message).toContain(`1 of 4 are in ${at('annotations.jsonl')} too`);
});

it('the same prompt with another reference is another task', () => {
  const task = (id: string, reference: Task['reference']): Task => ({
    id,
    messages: [{ role: 'user', content: 'Which?' }],
    reference,
    metadata: {},
  });
  const check = (evaluated: Task['reference'], trained: Task['reference']) => () =>
    assertHeldOut({ file: 'e', tasks: [task('e', evaluated)] }, [{ file: 't', tasks: [task('t', trained)] }]);
  expect(check('red', 'blue')).not.toThrow();
  // Fields in any order are the same reference.
  expect(check({ a: 1, b: 2 }, { b: 2, a: 1 })).toThrow(/1 of 1 are in t too/);
});
