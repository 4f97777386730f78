import { gradients, logProbabilities, type GradientResult, type TrainingSequence } from '@touchstone/engine';
import { describe, expect, it } from 'vitest';
import { openAlgorithm } from '../algorithms/index.js';
import { trainingSchema } from '../schema.js';
import { negativeLogLikelihood } from '../supervised/loss.js';
import { tinyPolicy } from '../testing.js';
import { correctForAge } from './importance.js';

const { model } = tinyPolicy();
/** The ratio is never clipped. */
const { loss } = openAlgorithm(trainingSchema.parse({ clip_low: 0.999_999, clip_high: 1e6 }), {
  max_tokens: 3,
});

const RATIOS = [
  [0.5, 1, 4],
  [3, 0.25],
];

/** Answers that have become so many times likelier since they were drawn. */
async function batchOf(ratios: number[][]): Promise<TrainingSequence[]> {
  const sequences = ratios.map((of, i) => ({
    tokens: [7, 8, 9, ...of.map((_, t) => 20 + 10 * i + t)],
    start: 3,
    columns: {},
  }));
  const present = await logProbabilities(model, sequences);
  return sequences.map((sequence, i) => ({
    ...sequence,
    columns: {
      old: present[i]!.map((logprob, t) => logprob - Math.log(ratios[i]![t]!)),
      advantage: i === 0 ? 1 : -0.5,
      weight: 0.2,
      share: 0.2,
    },
  }));
}

const globalNorm = ({ gradients: of }: GradientResult): number =>
  Math.sqrt([...of.values()].reduce((sum, values) => values.reduce((a, g) => a + g * g, sum), 0));

describe('correctForAge', () => {
  it('weighs each token by its ratio up to the cap, and says how much is left of the tokens', async () => {
    const { batch, metrics } = await correctForAge(model, await batchOf(RATIOS), loss, 2, 1);
    const weights = batch.map(({ columns }) => [...(columns['weight'] as Float32Array)]);
    RATIOS.forEach((of, i) =>
      of.forEach((ratio, t) => expect(weights[i]![t]).toBeCloseTo(0.2 * Math.min(ratio, 2), 5)),
    );
    // Sum 8.75, of squares 26.3125, of five tokens; two are above 2.
    expect(metrics['effective_tokens']).toBeCloseTo(8.75 ** 2 / (5 * 26.3125), 5);
    expect(metrics['importance_capped']).toBeCloseTo(0.4, 9);
  });

  it('leaves the weights to a loss that does not ask who drew the answers', async () => {
    const { batch } = await correctForAge(model, await batchOf(RATIOS), negativeLogLikelihood, 2, 1);
    expect(batch.map(({ columns }) => columns['weight'])).toEqual([0.2, 0.2]);
  });

  it('is without a cap the gradient of the importance-weighted loss itself', async () => {
    const drawn = await batchOf(RATIOS);
    const { batch } = await correctForAge(model, drawn, loss, 1e9, 1);
    const [corrected, plain] = [await gradients(model, batch, loss), await gradients(model, drawn, loss)];
    let apart = 0;
    for (const [name, expected] of plain.gradients) {
      const found = corrected.gradients.get(name)!;
      expected.forEach((value, i) => (apart = Math.max(apart, Math.abs(value - found[i]!))));
    }
    expect(apart).toBeLessThan(1e-5);
    expect(globalNorm(plain)).toBeGreaterThan(0.1);
  });

  it('leaves a batch as it is that the same weights have drawn', async () => {
    const drawn = await batchOf([[1, 1], [1]]);
    const { batch, metrics } = await correctForAge(model, drawn, loss, 2, 1);
    expect(metrics['importance_capped']).toBe(0);
    expect(metrics['effective_tokens']).toBeCloseTo(1, 9);
    for (const { columns } of batch) {
      for (const weight of columns['weight'] as Float32Array) expect(weight).toBeCloseTo(0.2, 6);
    }
  });
});
