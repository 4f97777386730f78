import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareQuickstart } from '@touchstone/quickstart';
import { inRegistryOrder, METRICS, type RunEvent, type RunListener, type Summary } from '@touchstone/spec';
import { openRun, readSummary } from '@touchstone/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig, openWorkspace, runPipeline } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-pipeline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STEPS = 2;
const STAGES = ['judge', 'evaluate base', 'train rft', 'evaluate rft', 'train sft', 'evaluate sft'];
const output = join(folder, 'out');

/** The quickstart's case, cut to seconds: same models, same prompts, real training. */
beforeAll(async () => {
  const file = await prepareQuickstart(folder, 1, {
    sizes: { train: 4, eval: 2, annotations: 6, labelled: 2, regression: 2 },
  });
  writeFileSync(
    join(folder, 'truth.mjs'),
    'export default (task, response) => Number(response.length > 10);\n',
  );
  const config = parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>;
  Object.assign(config, {
    gate: 'off',
    validation: { repeats: 2, probes: 0 },
    output: 'out',
    monitors: { every: 1, tasks: 2 },
  });
  Object.assign(config['training']!, {
    steps: STEPS,
    prompts_per_step: 2,
    group_size: 2,
    checkpoint_every: 1,
  });
  Object.assign(config['training']!['sft'] as object, { steps: 2, batch_size: 2, evaluate_every: 1 });
  Object.assign(config['evaluation']!, { samples: 1, best_of: 2, truth: 'truth.mjs' });
  Object.assign(config['reward']!, { abstention: { policy: 'mask', limit: 1 } });
  writeFileSync(file, stringify(config));
});

/** A program of nothing but the library. */
async function run(onEvent: RunListener): Promise<Summary> {
  const workspace = await openWorkspace(await loadConfig(folder));
  try {
    return await runPipeline(workspace, { onEvent, reasons: { noGate: 'only a test' } });
  } finally {
    workspace.store.close();
  }
}

const typesOf = (events: readonly RunEvent[], stage: string): string[] =>
  events.filter((event) => event.stage === stage).map(({ type }) => type);

test('a program runs the main job, is told of it in order, and goes on where it was stopped', async () => {
  // A listener that throws ends the run: here after the first training step, which is stored by then.
  const before: RunEvent[] = [];
  const stopped = run((event) => {
    before.push(event);
    if (event.type === 'step') throw new Error('stopped here');
  });
  await expect(stopped).rejects.toThrow('stopped here');
  expect(new Set(before.map(({ stage }) => stage))).toEqual(new Set(STAGES.slice(0, 3)));
  expect(before.at(-1)).toMatchObject({ type: 'step', stage: 'train rft', step: { step: 1 } });

  const events: RunEvent[] = [];
  const summary = await run((event) => events.push(event));
  expect([...new Set(events.map(({ stage }) => stage))]).toEqual(STAGES);
  expect(events.find(({ type }) => type === 'stage-started')).toMatchObject({
    title: `3 of ${STAGES.length}, Reinforcement fine-tuning`,
  });
  for (const stage of STAGES) {
    const types = typesOf(events, stage);
    if (STAGES.indexOf(stage) < 2) expect(types).toEqual(['stage-skipped']);
    else {
      expect([types[0], types[1], types.at(-1)]).toEqual(['stage-started', 'progress', 'stage-finished']);
      expect(new Set(types.slice(1, -1))).toEqual(
        new Set(stage === 'train rft' ? ['progress', 'step'] : ['progress']),
      );
    }
    const done = events.flatMap((e) => (e.type === 'progress' && e.stage === stage ? [e] : []));
    done.reduce((last, { done: units, total }) => {
      expect(units).toBeGreaterThanOrEqual(last);
      expect(units).toBeLessThanOrEqual(total!);
      return units;
    }, 0);
  }
  expect(events.find(({ type, stage }) => type === 'progress' && stage === 'train rft')).toMatchObject({
    done: 1,
    total: STEPS,
  });
  expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual(
    summary.steps.slice(1),
  );
  expect(summary.steps.map(({ step }) => step)).toEqual([1, 2]);

  expect(await readSummary(output)).toEqual(summary);
  const store = openRun(output, { readOnly: true });
  const history = store.events().map(({ event }) => event);
  store.close();
  expect(history).toEqual(
    [...before, ...events].filter(({ type }) => type !== 'progress' && type !== 'step'),
  );

  const again: RunEvent[] = [];
  const same = await run((event) => again.push(event));
  expect(again.map(({ type, stage }) => [type, stage])).toEqual(
    STAGES.map((stage) => ['stage-skipped', stage]),
  );
  expect({ ...same, created: '' }).toEqual({ ...summary, created: '' });
}, 240_000);

/** What another trainer measures, in the tests of the command line; what only asynchronous training, dynamic sampling and a run with `save_top_k` do. */
const ELSEWHERE = ['entropy', 'redrawn', 'age', 'effective_tokens', 'importance_capped', 'validation_score'];

test('every metric of a run is registered, and every registered one is measured', async () => {
  const { models, steps, judge } = await readSummary(output);
  const measured = {
    model: Object.values(models).flatMap(({ metrics }) => Object.keys(metrics)),
    step: steps.flatMap(({ metrics }) => Object.keys(metrics)),
    judge: Object.keys(judge.metrics),
  };
  for (const [of, names] of Object.entries(measured) as ['model' | 'step' | 'judge', string[]][]) {
    expect(inRegistryOrder(of, names)).toEqual(
      METRICS.filter((metric) => metric.of === of && !ELSEWHERE.includes(metric.name)),
    );
  }
});

test('what an earlier process left is refused where it cannot be read, with the stage and what to do', async () => {
  const store = openRun(output);
  const { seconds, value } = store.stage('judge')!;
  store.finishStage('judge', seconds, { ...(value as object), gate: 'perhaps' });
  store.close();
  await expect(run(() => {})).rejects.toThrow(
    /"judge" left in run\.db[^]*gate[^]*choose another folder with --out/,
  );
});
