import { random } from '@touchstone/spec';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { TRAINING_SHARE, trainingMemory } from '../memory.js';
import { configureEngine } from '../settings.js';
import { tinyModel } from '../testing.js';
import { arrangement, gradients, logProbabilities, type TokenLoss } from './gradients.js';

afterEach(() => configureEngine({}));

/** Uses every operator that losses are written with. */
const everyOperator: TokenLoss = {
  key: 'every-operator',
  columns: ['old', 'weight', 'sequence', 'entropy'],
  build(g, logprobs, { old, weight, sequence, entropy }) {
    const ratio = g.exp(g.subtract(logprobs, old!));
    const clipped = g.minimum(g.multiply(ratio, weight!), g.multiply(g.clamp(ratio, 0.5, 1.5), weight!));
    const whole = g.exp(g.multiply(g.scalar(0.05), g.sumOfGroup(g.subtract(logprobs, old!), sequence!)));
    const [plain, summed] = [g.multiply(logprobs, weight!), g.multiply(whole, weight!)];
    const undecided = g.multiply(entropy!, weight!);
    const rest = g.multiply(g.scalar(0.1), g.add(g.add(plain, summed), undecided));
    const loss = g.sum(g.subtract(g.negate(clipped), rest));
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
      const step = 4e-3 / Math.sqrt(weights.length);
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

  it.each([
    ['tied head', {}, 1],
    [
      'biases, separate head, temperature',
      { tie_word_embeddings: false, attention_bias: true, mlp_bias: true },
      0.7,
    ],
    ['a vocabulary in slices', { vocab_size: 20_000 }, 1],
  ])('do not depend on what is computed together: %s', async (_, overrides, temperature) => {
    const model = tinyModel(overrides);
    const words = fc.integer({ min: 0, max: model.config.vocabulary - 1 });
    const group = fc.record({
      prompt: fc.array(words, { minLength: 1, maxLength: 40 }),
      answers: fc.array(fc.array(words, { minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(group, { minLength: 1, maxLength: 4 }), fc.nat(), async (groups, seed) => {
        const draw = random(seed, 'columns');
        const data = groups.flatMap(({ prompt, answers }) =>
          answers.map((answer) => ({
            tokens: [...prompt, ...answer],
            start: prompt.length,
            columns: { old: answer.map(() => -3 - draw.next()), weight: answer.map(() => draw.next() - 0.3) },
          })),
        );
        const together = await gradients(model, draw.shuffle(data), everyOperator, temperature);
        const logprobs = await logProbabilities(model, data, temperature);
        let [loss, ratio, size] = [0, 0, 0];
        const sums = new Map(
          [...model.parameters].map(([name, { data }]) => [name, new Float64Array(data.length)]),
        );
        for (const [i, one] of data.entries()) {
          const alone = await gradients(model, [one], everyOperator, temperature);
          loss += alone.loss;
          ratio += alone.metrics['ratio']!;
          size += Math.abs(alone.loss) + Math.abs(alone.metrics['ratio']!);
          alone.gradients.forEach((gradient, name) => {
            const sum = sums.get(name)!;
            gradient.forEach((g, at) => (sum[at]! += g));
          });
          // With nothing shared: all but the first token is answer.
          const [plain] = await logProbabilities(model, [{ tokens: one.tokens, start: 1 }], temperature);
          plain!.slice(one.start - 1).forEach((value, t) => expect(logprobs[i]![t]).toBeCloseTo(value, 5));
        }
        expect(Math.abs(together.loss - loss)).toBeLessThan(1e-5 * size);
        expect(Math.abs(together.metrics['ratio']! - ratio)).toBeLessThan(1e-5 * size);
        const largest = Math.max(...[...sums.values()].map((sum) => Math.hypot(...sum.subarray(0, 4096))));
        for (const [name, sum] of sums) {
          const gradient = together.gradients.get(name)!;
          let [difference, norm] = [0, 0];
          sum.forEach((g, at) => {
            difference += (g - gradient[at]!) ** 2;
            norm += g ** 2;
          });
          // What is all but zero, such as a bias that softmax cancels, is only rounding.
          expect(Math.sqrt(difference), name).toBeLessThan(1e-5 * Math.max(Math.sqrt(norm), 1e-2 * largest));
        }
      }),
      { numRuns: 6, seed: 1 },
    );
  });

  it('are the same where there is no memory to keep what layers compute', async () => {
    const model = tinyModel({ hidden_size: 128, intermediate_size: 512, attention_bias: true });
    const answers = sequences(5, 24).map(({ tokens }) => tokens);
    const prompt = Array.from({ length: 40 }, (_, i) => i % 37);
    const data = answers.map((answer) => ({
      tokens: [...prompt, ...answer],
      start: prompt.length,
      columns: { old: -3, weight: 0.1 },
    }));
    const kept = await gradients(model, data, everyOperator);
    const { least } = trainingMemory(model, { prompt: prompt.length, answer: 20 });
    configureEngine({ memory: least / TRAINING_SHARE });
    expect(arrangement(model, data).recompute).toBe(true);
    const recomputed = await gradients(model, data, everyOperator);
    expect(recomputed.loss).toBeCloseTo(kept.loss, 4);
    for (const [name, gradient] of kept.gradients) {
      const again = recomputed.gradients.get(name)!;
      const difference = Math.hypot(...gradient.map((g, i) => g - again[i]!));
      expect(difference, name).toBeLessThan(1e-5 * Math.hypot(...gradient, 1e-2));
    }
  });

  it('refuse what the model has no positions for, and what nothing predicts', async () => {
    const model = tinyModel({ max_position_embeddings: 8 });
    const sequence = (length: number, start: number) => ({
      tokens: Array.from({ length }, () => 3),
      start,
      columns: {},
    });
    await expect(logProbabilities(model, [sequence(8, 2), sequence(9, 2)])).rejects.toThrow(
      'sequence 1 has 9 tokens, the model 8 positions',
    );
    await expect(logProbabilities(model, [sequence(8, 0)])).rejects.toThrow('nothing comes before');
    const lengths = (await logProbabilities(model, [sequence(4, 4), sequence(5, 4)])).map(
      ({ length }) => length,
    );
    expect(lengths).toEqual([0, 1]);
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
