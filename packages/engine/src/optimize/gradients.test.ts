import { random } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { tinyModel } from '../testing.js';
import { gradients, logProbabilities, type TokenLoss } from './gradients.js';

/** Uses every operator that losses are written with. */
const everyOperator: TokenLoss = {
  key: 'every-operator',
  columns: ['old', 'weight'],
  build(g, logprobs, { old, weight }) {
    const ratio = g.exp(g.subtract(logprobs, old!));
    const clipped = g.minimum(g.multiply(ratio, weight!), g.multiply(g.clamp(ratio, 0.5, 1.5), weight!));
    const loss = g.sum(
      g.subtract(g.negate(clipped), g.multiply(g.scalar(0.1), g.multiply(logprobs, weight!))),
    );
    return { loss, metrics: { ratio: g.sum(g.multiply(ratio, weight!)) } };
  },
};

function sequences(seed: number, count: number) {
  const draw = random(seed, 'sequences');
  return Array.from({ length: count }, () => {
    const tokens = Array.from({ length: 6 + draw.integer(14) }, () => draw.integer(37));
    const start = 2 + draw.integer(3);
    const scored = tokens.length - start;
    return {
      tokens,
      start,
      columns: {
        old: Array.from({ length: scored }, () => -3 - draw.next()),
        weight: Array.from({ length: scored }, () => draw.next() - 0.3),
      },
    };
  });
}

describe('gradients', () => {
  it.each([
    ['tied head, grouped queries', {}],
    ['separate head, biases', { tie_word_embeddings: false, attention_bias: true, mlp_bias: true }],
  ])('agree with finite differences: %s', async (_, overrides) => {
    const model = tinyModel(overrides);
    const data = sequences(1, 3);
    const analytic = await gradients(model, data, everyOperator);
    const draw = random(2, 'direction');
    for (const [name, { data: weights }] of model.parameters) {
      // A random direction a weight matrix tests all of its elements at once.
      const direction = Float32Array.from(weights, () => draw.normal());
      const step = 2e-3 / Math.sqrt(weights.length);
      const original = weights.slice();
      const at = async (sign: number): Promise<number> => {
        weights.forEach((_, i) => (weights[i] = original[i]! + sign * step * direction[i]!));
        return (await gradients(model, data, everyOperator)).loss;
      };
      const numeric = ((await at(1)) - (await at(-1))) / (2 * step);
      weights.set(original);
      const expected = analytic.gradients.get(name)!.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      const scale = Math.max(0.05, Math.abs(expected), Math.hypot(...analytic.gradients.get(name)!));
      expect(Math.abs(numeric - expected) / scale, name).toBeLessThan(0.02);
    }
  });

  it('do not depend on how sequences are packed', async () => {
    const model = tinyModel();
    const data = sequences(4, 5);
    const together = await gradients(model, data, everyOperator);
    let loss = 0;
    const sum = new Float64Array(model.parameters.get('model.embed_tokens.weight')!.data.length);
    for (const one of data) {
      const part = await gradients(model, [one], everyOperator);
      loss += part.loss;
      part.gradients.get('model.embed_tokens.weight')!.forEach((g, i) => (sum[i]! += g));
    }
    expect(together.loss).toBeCloseTo(loss, 4);
    together.gradients.get('model.embed_tokens.weight')!.forEach((g, i) => expect(g).toBeCloseTo(sum[i]!, 4));
  });

  it('gives each sequence its own log-probabilities, however many micro-batches there are', async () => {
    const model = tinyModel();
    const draw = random(6, 'lengths');
    const all = Array.from({ length: 40 }, (_, i) => ({
      // The first is the shortest, so it comes in another micro-batch than the longest.
      tokens: Array.from({ length: i === 0 ? 4 : 100 + draw.integer(100) }, () => draw.integer(37)),
      start: 2,
    }));
    const together = await logProbabilities(model, all);
    for (const i of [0, 1, 20, 39]) {
      const [alone] = await logProbabilities(model, [all[i]!]);
      expect(together[i]!.length).toBe(all[i]!.tokens.length - 2);
      together[i]!.forEach((value, t) => expect(value).toBeCloseTo(alone![t]!, 4));
    }
  });

  it('scores tokens as softmax of the logits does: probabilities of all next tokens sum to 1', async () => {
    const model = tinyModel();
    const all = Array.from({ length: 37 }, (_, next) => ({ tokens: [5, 6, 7, next], start: 3 }));
    const scores = await logProbabilities(model, all);
    expect(scores.reduce((sum, [log]) => sum + Math.exp(log!), 0)).toBeCloseTo(1, 5);
  });
});
