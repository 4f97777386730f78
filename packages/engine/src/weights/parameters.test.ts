import { describe, expect, it } from 'vitest';
import { CausalLM } from '../model.js';
import { AdamW } from '../optimize/adamw.js';
import { gradients, type TokenLoss } from '../optimize/gradients.js';
import { tinyModel } from '../testing.js';
import { ParameterSet } from './parameters.js';

const likelihood: TokenLoss = {
  key: 'likelihood',
  columns: [],
  build: (g, logprobs) => ({ loss: g.negate(g.sum(logprobs)), metrics: {} }),
};
const sequences = [{ tokens: [3, 4, 5, 6, 7], start: 2, columns: {} }];

/** The model with all weights frozen but those of its second layer. */
function halfFrozen(model: CausalLM): CausalLM {
  const all = [...model.parameters];
  const trains = ([name]: (typeof all)[number]): boolean => name.includes('layers.1.');
  const frozen = new Map(all.filter((entry) => !trains(entry)));
  return new CausalLM(model.architecture, new ParameterSet(new Map(all.filter(trains)), frozen));
}

describe('ParameterSet', () => {
  it('trains what is trainable as if nothing were frozen, and leaves the rest alone', async () => {
    const whole = tinyModel();
    const half = halfFrozen(whole).clone();
    const all = await gradients(whole, sequences, likelihood);
    const some = await gradients(half, sequences, likelihood);
    expect([...some.gradients.keys()]).toEqual([...half.parameters.trainable.keys()]);
    expect(some.loss).toBeCloseTo(all.loss, 5);
    for (const [name, gradient] of some.gradients) {
      gradient.forEach((g, i) => expect(g).toBeCloseTo(all.gradients.get(name)![i]!, 5));
    }

    const optimizer = new AdamW(half);
    await optimizer.update(some.gradients, 0.01);
    for (const [name, { data }] of half.parameters) {
      const moved = data.some((value, i) => value !== whole.parameters.get(name)!.data[i]);
      expect(moved, name).toBe(half.parameters.trainable.has(name));
    }
    expect(optimizer.state().moments.size).toBe(2 * half.parameters.trainable.size);
  });
});
