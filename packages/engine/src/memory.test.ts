import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { batchesOf, loadOf } from './generate/batches.js';
import { batchFitsIn, fitsIn, trainingMemory, TRAINING_SHARE } from './memory.js';
import { arrange, type Batch } from './optimize/arrange.js';
import { pack } from './optimize/micro-batches.js';
import { configureEngine, engineSettings } from './settings.js';
import { tinyModel } from './testing.js';

const model = tinyModel({ hidden_size: 256, intermediate_size: 1024, max_position_embeddings: 4096 });
const defaults = engineSettings();
afterEach(() => configureEngine({}));

const MEBIBYTE = 2 ** 20;
const row = (token: number, length: number): number[] => Array.from({ length }, () => token);
/** Prompts with the lengths of their answers. */
const groups = fc.array(
  fc.record({
    prompt: fc.integer({ min: 2, max: 300 }),
    answers: fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 6 },
);

describe("the engine's memory", () => {
  it('is enough for every micro-batch of more than one sequence, and holds each sequence once', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 0, max: 200 }), fc.boolean(), (drawn, more, recompute) => {
        const sequences = drawn.flatMap(({ prompt, answers }, i) =>
          answers.map((length) => ({ tokens: row(i, prompt + length), start: prompt, columns: {} })),
        );
        const { least } = trainingMemory(model, { prompt: 300, answer: 200 });
        configureEngine({ memory: (least + more * MEBIBYTE) / TRAINING_SHARE });
        const fits = fitsIn(model, recompute);
        const batches = arrange(sequences, 4096, fits);
        const orderOf = ({ groups }: Batch): number[] => groups.flatMap(({ members }) => members);
        expect(batches.flatMap(orderOf).toSorted((a, b) => a - b)).toEqual(sequences.map((_, i) => i));
        for (const batch of batches) {
          // What is fed is what was counted.
          const { order, feeds } = pack(batch, sequences, []);
          expect(feeds['tokens']!.data.length - 1).toBe(batch.load.tokens);
          expect(feeds['scored']!.data.length).toBe(batch.load.scored);
          expect(order.length === 1 || fits(batch.load)).toBe(true);
        }
        expect(arrange(sequences, 4096, fits).map(orderOf)).toEqual(batches.map(orderOf));
      }),
    );
  });

  it('is enough for every batch of more than one row, and holds each prompt once', () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: 1, max: 300 }), (drawn, mebibytes) => {
        const prompts = drawn.flatMap(({ prompt, answers }, i) => answers.map(() => row(i, prompt)));
        configureEngine({ memory: mebibytes * MEBIBYTE });
        const fits = batchFitsIn(model, 2);
        const batches = batchesOf(prompts, 2, 100, { fits, work: ({ slots }) => slots });
        expect(
          batches
            .flat()
            .flatMap(({ members }) => members)
            .toSorted((a, b) => a - b),
        ).toEqual(prompts.map((_, i) => i));
        for (const batch of batches) {
          const isAlone = batch.flatMap(({ members }) => members).length === 1;
          expect(isAlone || fits(loadOf(prompts, batch, 100))).toBe(true);
        }
      }),
    );
  });

  it('is what it is by default again when nothing is set', () => {
    configureEngine({ memory: 1, threads: 1 });
    configureEngine({});
    expect(engineSettings()).toEqual(defaults);
  });

  it('grows with what is trained on, and takes no more for larger groups than is fast', () => {
    const of = (prompt: number, answer: number, group: number) =>
      trainingMemory(model, { prompt, answer, group });
    const small = of(100, 50, 1);
    expect(of(200, 50, 1).least).toBeGreaterThan(small.least);
    expect(of(100, 90, 1).least).toBeGreaterThan(small.least);
    expect(small.usual).toBeGreaterThan(small.least);
    expect(of(2000, 500, 20).usual).toBe(of(2000, 500, 100).usual);
  });
});
