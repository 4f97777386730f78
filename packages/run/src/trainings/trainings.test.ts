import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeScore, trainingsInterval } from '@touchstone/lab';
import { TaskPool } from '@touchstone/core';
import {
  GateError,
  InputError,
  trainingsSummarySchema,
  type RunEvent,
  type TrainingsSummary,
} from '@touchstone/spec';
import { openRun, readAnySummary, readSummary } from '@touchstone/store';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareStored } from '../comparison/compare.js';
import { readRunModel } from '../evaluation/read-known.js';
import { loadConfig, openTrainings, readSnapshot, runTrainings, type Seeds } from '../index.js';
import { evaluationOf, REINFORCE, SUPERVISE } from '../stages/stages.js';
import { runSmall, writeSmallRun } from '../small-run.testing.js';

const root = mkdtempSync(join(tmpdir(), 'touchstone-trainings-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function runSeeds(folder: string, seeds: Seeds, events: RunEvent[] = []): Promise<TrainingsSummary> {
  const trainings = await openTrainings(await loadConfig(folder), seeds);
  try {
    return await runTrainings(trainings, {
      onEvent: (event) => events.push(event),
      clock: { seconds: () => 0, date: () => new Date(0) },
      reasons: { noGate: 'only a test' },
    });
  } finally {
    trainings.store.close();
  }
}

const copy = (): string => {
  const folder = mkdtempSync(join(root, 'case-'));
  cpSync(join(root, 'two'), folder, { recursive: true });
  return folder;
};

let two: TrainingsSummary;
const events: RunEvent[] = [];
beforeAll(async () => {
  await writeSmallRun(join(root, 'two'));
  two = await runSeeds(join(root, 'two'), 2, events);
}, 120_000);

describe('two trainings', () => {
  const out = join(root, 'two/out');

  test('have intervals that are computed from the answers of both', () => {
    const scoresOf = (folder: string, model: string): Map<string, number[]> => {
      const store = openRun(join(out, folder), { readOnly: true });
      const byTask = new Map<string, number[]>();
      for (const { rollout, reward } of store.rollouts(`evaluate ${model}`)) {
        const { id } = rollout.task;
        byTask.set(id, [...(byTask.get(id) ?? []), judgeScore(reward)!]);
      }
      store.close();
      return byTask;
    };
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const tasks = [1, 2, 3, 4].map((n) => `e${n}`);
    const differences = (better: string, baseline: string): number[][][] =>
      ['seed-1', 'seed-2'].map((folder) => {
        const [a, b] = [scoresOf(folder, better), scoresOf(folder, baseline)];
        return tasks.map((task) => [mean(a.get(task)!) - mean(b.get(task)!)]);
      });
    for (const [better, baseline] of [
      ['rft', 'sft'],
      ['rft', 'base'],
      ['sft', 'base'],
    ] as const) {
      const found = two.comparisons.find(
        (one) => one.metric === 'judge_score' && one.better === better && one.baseline === baseline,
      );
      expect(found?.difference).toEqual(trainingsInterval(differences(better, baseline)));
      expect(found?.difference.n).toBe(2);
    }
    const levels = ['seed-1', 'seed-2'].map((folder) => {
      const scores = scoresOf(folder, 'rft');
      return tasks.map((task) => scores.get(task)!);
    });
    expect(two.models['rft']!.metrics['judge_score']).toEqual(trainingsInterval(levels, { low: 0, high: 1 }));
    // It is not trained: its n is that of tasks.
    expect(two.models['base']!.metrics['judge_score']?.n).toBe(4);
  });

  test('are runs like any other, each in its folder, which share the judge and the base', async () => {
    const [first, second] = await Promise.all(
      ['seed-1', 'seed-2'].map((name) => readSummary(join(out, name))),
    );
    expect([first!.seed, second!.seed]).toEqual([1, 2]);
    expect(second!.models['base']).toEqual(first!.models['base']);
    expect(second!.models['rft']).not.toEqual(first!.models['rft']);
    expect(two.trainings.map(({ folder, models }) => [folder, models])).toEqual([
      ['seed-1', first!.models],
      ['seed-2', second!.models],
    ]);
    // The first has the seed of a run of one training, and all else is the same.
    await writeSmallRun(join(root, 'one'));
    const one = await runSmall(join(root, 'one'));
    expect(first!.models).toEqual(one.models);
    expect(first!.steps).toEqual(one.steps);

    expect(trainingsSummarySchema.parse(await readAnySummary(out))).toEqual(two);
    await expect(readSummary(out)).rejects.toThrow(/expected the summary of one training.*seed-1, seed-2/);
  }, 60_000);

  test('tell which of them is at work, of how many', () => {
    expect(events.flatMap((event) => (event.type.startsWith('training') ? [event] : []))).toEqual([
      { type: 'training-started', stage: 'seed 1', seed: 1, place: 1, of: 2 },
      { type: 'training-ended', stage: 'seed 1', seed: 1, problem: null },
      { type: 'training-started', stage: 'seed 2', seed: 2, place: 2, of: 2 },
      { type: 'training-ended', stage: 'seed 2', seed: 2, problem: null },
    ]);
    const titles = events.flatMap((event) => (event.type === 'stage-started' ? [event.title] : []));
    expect(titles).toEqual([
      '1 of 10, Examine the judge',
      '2 of 10, Evaluate base',
      ...[1, 2].flatMap((seed) =>
        [REINFORCE, evaluationOf('rft'), SUPERVISE, evaluationOf('sft')].map(
          ({ title }, i) => `${4 * seed - 1 + i} of 10, seed ${seed}, ${title}`,
        ),
      ),
    ]);
  });

  test('are watched where they are at work', async () => {
    const { stage, steps, stepsWanted } = await readSnapshot(out, Date.now());
    expect([stage, steps.length, stepsWanted]).toEqual([null, 3, 3]);
  });

  test('are not trained again, and not mixed with other runs', async () => {
    const folder = copy();
    const again: RunEvent[] = [];
    expect(await runSeeds(folder, 2, again)).toEqual(two);
    expect(again.some(({ type }) => type === 'stage-started')).toBe(false);
    await expect(runSeeds(folder, [1, 3])).rejects.toThrow(/seeds: 2 of this folder would be left out/);
    await expect(runSmall(folder)).rejects.toThrow(/several trainings \(--seeds\), and expected was one/);
    const config = join(folder, 'touchstone.yaml');
    const text = readFileSync(config, 'utf8');
    writeFileSync(config, text.replace('output: out', 'output: out/seed-2\nseed: 2'));
    await expect(runSmall(folder)).rejects.toThrow(/one training of another run/);
    writeFileSync(config, text.replace('learning_rate: 0.05', 'learning_rate: 0.04'));
    await expect(runSeeds(folder, 2)).rejects.toThrow(/the configuration differs/);
  });

  test('are compared all or not at all: what is missing, foreign or not ended is named', async () => {
    const compare = (folder: string) => compareStored([join(folder, 'out')], { now: new Date(0) });
    const answers = async (folder: string): Promise<unknown> => {
      const notes = { remarks: [], stores: [] };
      try {
        const at = { folder: join(folder, 'out'), wanted: 'rft' };
        return (await readRunModel('tuned', at, new TaskPool(), notes)).lists.map(({ seed }) => seed);
      } finally {
        notes.stores.forEach((store: { close(): void }) => store.close());
      }
    };
    const whole = copy();
    const { models, pairs } = await compare(whole);
    expect(models['rft']!.trainings).toBe(2);
    expect(await answers(whole)).toEqual([1, 2]);

    const other = copy();
    const config = join(other, 'touchstone.yaml');
    rmSync(join(other, 'out'), { recursive: true });
    writeFileSync(config, readFileSync(config, 'utf8').replace('learning_rate: 0.05', 'learning_rate: 0.04'));
    await runSeeds(other, [1, 9]);
    const from = (folder: string, own: string, at: string): void => {
      rmSync(join(folder, 'out', at), { recursive: true, force: true });
      cpSync(join(own, 'out', own === folder ? 'seed-1' : at), join(folder, 'out', at), { recursive: true });
    };
    const cases: [RegExp, (folder: string) => void][] = [
      [
        /seed-2: expected the training with seed 2, with its run\.db, since the run was asked for seeds 1, 2; there is none/,
        (folder) => rmSync(join(folder, 'out/seed-2'), { recursive: true }),
      ],
      [
        /seed-2: expected the training with seed 2.*there is none/,
        (folder) => rmSync(join(folder, 'out/seed-2/run.db')),
      ],
      [
        /seed-9: this run was not asked for a training with seed 9: expected those with seeds 1, 2/,
        (folder) => from(folder, other, 'seed-9'),
      ],
      [
        /seed-1: expected the training of run .*its config\.yaml is of run/,
        (folder) => from(folder, other, 'seed-1'),
      ],
      [
        /seed-2: expected the training .* with seed 2; .* with seed 1\./,
        (folder) => from(folder, folder, 'seed-2'),
      ],
      [
        /seed-2.config\.yaml: it is not the one that belongs to run\.db/,
        (folder) => cpSync(join(folder, 'out/seed-1/run.db'), join(folder, 'out/seed-2/run.db')),
      ],
    ];
    for (const [problem, change] of cases) {
      const folder = copy();
      change(folder);
      await expect(compare(folder)).rejects.toThrow(InputError);
      await expect(compare(folder)).rejects.toThrow(problem);
      await expect(answers(folder)).rejects.toThrow(problem);
    }
    // A folder of a seed that was planned and is not asked for any more holds nothing.
    const planned = copy();
    openRun(join(planned, 'out/seed-5'), { exclusive: true }).close();
    expect((await compare(planned)).pairs).toEqual(pairs);
  }, 60_000);

  test('become three in sight of what came out only with a remark that stays', async () => {
    const folder = copy();
    const three = await runSeeds(folder, [1, 2, 7]);
    expect(three.trainings.map(({ seed }) => seed)).toEqual([1, 2, 7]);
    expect(three.comparisons[0]!.difference.n).toBe(3);
    expect(three.trainings.slice(0, 2)).toEqual(two.trainings);
    const remark = /seeds were changed after training had begun: 1, 2; then 1, 2, 7\./;
    expect(three.alarms.join()).toMatch(remark);
    expect((await runSeeds(folder, [1, 2, 7])).alarms.join()).toMatch(remark);
    expect(two.alarms.join()).not.toMatch(/seeds were changed/);
  });
});

test('one that cannot go on is named, the others finish, and nothing is said of all before all have', async () => {
  const folder = join(root, 'broken');
  await writeSmallRun(folder);
  const trainings = await openTrainings(await loadConfig(folder), 3);
  trainings.store.close();
  const inTheWay = join(folder, 'out/seed-2/checkpoints');
  writeFileSync(inTheWay, '');
  const compare = () => compareStored([join(folder, 'out')], { now: new Date(0) });
  await expect(compare()).rejects.toThrow(/several trainings that have ended; none has begun/);
  await expect(runSeeds(folder, 3)).rejects.toThrow(
    /2 of 3 trainings have finished; seed 2 could not go on: .*checkpoints: expected a folder/,
  );
  await expect(compare()).rejects.toThrow(/seed-2: this training has not ended: "rft" was not evaluated yet/);
  expect(existsSync(join(folder, 'out/seed-3/summary.json'))).toBe(true);
  expect(existsSync(join(folder, 'out/summary.json'))).toBe(false);
  rmSync(inTheWay);
  const whole = await runSeeds(folder, 3);
  expect(whole.trainings.slice(0, 2)).toEqual(two.trainings);
  expect(whole.alarms.join()).not.toMatch(/seeds were changed/);
}, 60_000);

test('a gate that says no stops all of them, before any is trained', async () => {
  const folder = join(root, 'no-gate');
  await writeSmallRun(folder);
  const trainings = await openTrainings(await loadConfig(folder), 2);
  const events: RunEvent[] = [];
  await expect(runTrainings(trainings, { onEvent: (event) => events.push(event) })).rejects.toThrow(
    GateError,
  );
  trainings.store.close();
  expect(events.some(({ type }) => type === 'training-started')).toBe(false);
});

test('a backend that takes no seed is refused', async () => {
  const folder = join(root, 'two');
  const loaded = await loadConfig(folder);
  loaded.config.training.backend = 'bedrock';
  await expect(openTrainings(loaded, 2)).rejects.toThrow(/bedrock does not take a seed/);
});
