import { inRegistryOrder, METRICS, random } from '@touchstone/spec';
import { describe, expect, test } from 'vitest';

import { meanOf } from '../statistics/values.js';
import { compareModels } from './compare-models.js';
import { bestOfInterval, summariseModel } from './model-summary.js';
import { compareTrainings, summariseTrainings } from './over-trainings.js';
import { type EvaluationRecord, MEASURES } from './record.js';
import { truthAgreement } from './truth-agreement.js';

const record = (taskId: string, overrides: Partial<EvaluationRecord> = {}): EvaluationRecord => ({
  taskId,
  sample: 0,
  judge: 0.5,
  heldout: null,
  valid: true,
  truth: null,
  tokens: 10,
  components: {},
  ...overrides,
});

test('a task counts once, however many of its samples the judge could score', () => {
  const records = [
    record('a', { judge: 1, sample: 0 }),
    record('a', { judge: 0.5, sample: 1 }),
    record('b', { judge: 0, sample: 0 }),
    record('b', { judge: null, sample: 1, tokens: 50 }),
  ];
  const summary = summariseModel(records, { bestOf: 1 });
  expect(summary.metrics['judge_score']).toMatchObject({ mean: 0.375, n: 2 });
  expect(summary).toMatchObject({
    abstained: 1,
    mean_tokens: 20,
    metrics: { heldout_judge_score: null, truth_score: null },
  });
});

test('all answers valid is 1, and not certainty', () => {
  const records = Array.from({ length: 30 }, (_, i) => record(`t${i}`));
  const { metrics } = summariseModel(records, { bestOf: 1 });
  expect(metrics['json_valid']).toMatchObject({ mean: 1, high: 1, n: 30 });
  expect(metrics['json_valid']!.low).toBeCloseTo(0.886, 3); // Wilson, 30 of 30
});

test('every metric of a model is registered, in the order of the registry', () => {
  const { metrics } = summariseModel([record('a'), record('b')], { bestOf: 1 });
  const registered = METRICS.flatMap(({ of, name }) => (of === 'model' ? [name] : []));
  expect(inRegistryOrder('model', Object.keys(metrics)).map(({ name }) => name)).toEqual(registered);
});

test('components are reported by name, over the answers that reached them', () => {
  const { components } = summariseModel(
    [
      record('a', { components: { Grounding: 1, schema: 1 } }),
      record('b', { components: { Grounding: 0, schema: 1 } }),
      record('c', { components: { schema: 0, rare: 1 } }),
    ],
    { bestOf: 1 },
  );
  expect(components['Grounding']).toMatchObject({ mean: 0.5, n: 2 });
  expect(components['schema']).toMatchObject({ n: 3 });
  expect(components).not.toHaveProperty('rare'); // one task: no interval
});

test('best of k: the judge’s own score rises, and truth tells when the judge picks badly', () => {
  const fooled = ['a', 'b', 'c'].flatMap((task) => [
    record(task, { sample: 0, judge: 1, truth: 0 }),
    record(task, { sample: 1, judge: 0.5, truth: 1 }),
    record(task, { sample: 2, judge: 0, truth: 1 }),
  ]);
  expect(bestOfInterval(fooled, MEASURES.judge_score, 1)!.mean).toBeCloseTo(0.5, 12);
  expect(bestOfInterval(fooled, MEASURES.judge_score, 2)!.mean).toBeCloseTo(5 / 6, 12);
  expect(bestOfInterval(fooled, MEASURES.truth_score, 1)!.mean).toBeCloseTo(2 / 3, 12);
  expect(bestOfInterval(fooled, MEASURES.truth_score, 3)!.mean).toBe(0);
  expect(bestOfInterval(fooled, MEASURES.truth_score, 4)).toBeNull();
});

test('differences are paired by task: a small gain on tasks of very different difficulty is seen', () => {
  const { next, normal } = random(4, 'difficulty');
  const difficulty = Array.from({ length: 60 }, () => 0.2 + 0.6 * next());
  const base = difficulty.map((score, i) => record(`t${i}`, { judge: score }));
  const rft = difficulty
    .map((score, i) => record(`t${i}`, { judge: score + 0.05 + 0.03 * normal() }))
    .reverse();
  const [comparison, ...rest] = compareModels({ base, rft }, [['rft', 'base']]);
  expect(comparison).toMatchObject({ metric: 'judge_score', better: 'rft', baseline: 'base' });
  expect(comparison!.difference.n).toBe(60);
  expect(comparison!.difference.low).toBeGreaterThan(0);
  expect(comparison!.difference.mean).toBeCloseTo(
    meanOf(rft.map(({ judge }) => judge!)) - meanOf(difficulty),
    9,
  );
  expect(rest.map(({ metric }) => metric)).toEqual(['json_valid']); // no truth, no held-out judge

  const abstaining = rft.map((one, i) => (i < 20 ? { ...one, judge: null } : one));
  expect(compareModels({ base, rft: abstaining }, [['rft', 'base']])[0]?.difference.n).toBe(40);
  expect(() => compareModels({ base }, [['constructor', 'base']])).toThrow(RangeError);
});

test('agreement with truth counts pass and fail, on answers that have both', () => {
  const agreement = truthAgreement([
    { taskId: 'a', judge: 0.5, truth: 1 },
    { taskId: 'b', judge: 0.4, truth: 0.45 },
    { taskId: 'c', judge: 0.9, truth: 0.2 },
    { taskId: 'd', judge: 0.2, truth: 0.3 },
    { taskId: 'e', judge: null, truth: 1 },
    { taskId: 'f', judge: 1, truth: null },
  ]);
  expect(agreement).toMatchObject({ mean: 0.75, n: 4 });
});

describe('over several trainings', () => {
  const drawn = (seed: number, shift: number): EvaluationRecord[] =>
    Array.from({ length: 40 }, (_, task) => {
      const draw = random(seed, 'task', task);
      return [0, 1].map((sample) =>
        record(`t${task}`, {
          sample,
          judge: Math.min(1, Math.max(0, 0.4 + shift + 0.2 * draw.normal())),
          components: { schema: 1 },
        }),
      );
    }).flat();

  test('a training is a unit: seeds that differ make an interval that the tasks of one do not', () => {
    const trainings = [0.1, 0.2, 0.3].map((shift, i) => ({
      base: drawn(9, 0),
      rft: drawn(i, shift),
    }));
    const [over] = compareTrainings(trainings, [['rft', 'base']]);
    const each = trainings.map((models) => compareModels(models, [['rft', 'base']])[0]!.difference);
    expect(over).toMatchObject({
      metric: 'judge_score',
      better: 'rft',
      baseline: 'base',
      difference: { n: 3 },
    });
    expect(over!.difference.mean).toBeCloseTo(meanOf(each.map(({ mean }) => mean)), 9);
    const widest = Math.max(...each.map(({ low, high }) => high - low));
    expect(over!.difference.high - over!.difference.low).toBeGreaterThan(2 * widest);
    expect(over!.difference.low).toBeLessThan(0);

    const rft = summariseTrainings(
      trainings.map((models) => models.rft),
      { bestOf: 2 },
    );
    expect(rft.metrics['judge_score']).toMatchObject({ n: 3 });
    expect(rft.metrics['best_of_k']!.mean).toBeGreaterThan(rft.metrics['judge_score']!.mean);
    expect(rft.metrics['heldout_judge_score']).toBeNull();
    // Shares never leave 0 to 1.
    expect(rft.components['schema']).toMatchObject({ mean: 1, high: 1, n: 3 });
    expect(() => compareTrainings(trainings, [['rft', 'sft']])).toThrow(
      /expected one of base, rft, got "sft"/,
    );
  });

  test('a task that one training could not judge is left out of that one alone', () => {
    const first = [record('a', { judge: 1 }), record('b', { judge: 0 }), record('c', { judge: 1 })];
    const second = [record('a', { judge: 0 }), record('b', { judge: null }), record('c', { judge: 1 })];
    const { metrics } = summariseTrainings([first, second], { bestOf: 1 });
    expect(metrics['judge_score']).toMatchObject({ mean: 3 / 5, n: 2 });
  });
});
