import { describe, expect, it } from 'vitest';
import { tinyModel } from '../testing.js';
import { AdamW } from './adamw.js';

const constantGradients = (model: ReturnType<typeof tinyModel>, value: (i: number) => number) =>
  new Map(
    [...model.parameters].map(([name, { data }]) => [name, Float32Array.from(data, (_, i) => value(i))]),
  );

/** The update as the paper writes it, in float64. */
function reference(weight: number, gradients: number[], rate: number, decay: number): number {
  let [m, v, w] = [0, 0, weight];
  gradients.forEach((g, i) => {
    m = 0.9 * m + 0.1 * g;
    v = 0.98 * v + 0.02 * g * g;
    const step = m / (1 - 0.9 ** (i + 1)) / (Math.sqrt(v / (1 - 0.98 ** (i + 1))) + 1e-8);
    w -= rate * (step + decay * w);
  });
  return w;
}

describe('AdamW', () => {
  it('follows the formula, with decay for matrices and none for norms and embeddings', async () => {
    const model = tinyModel();
    const before = new Map([...model.parameters].map(([name, { data }]) => [name, data.slice()]));
    const optimizer = new AdamW(model, {
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-8,
      weightDecay: 0.1,
      maxGradNorm: 1e9,
    });
    const steps = [0.5, -1.5, 0.25];
    for (const g of steps)
      await optimizer.update(
        constantGradients(model, (i) => g * (1 + (i % 3))),
        0.01,
      );
    for (const [name, { data, shape }] of model.parameters) {
      const decay = shape.length > 1 && !name.includes('embed') ? 0.1 : 0;
      for (const i of [0, 1, data.length - 1]) {
        const expected = reference(
          before.get(name)![i]!,
          steps.map((g) => g * (1 + (i % 3))),
          0.01,
          decay,
        );
        expect(data[i]).toBeCloseTo(expected, 5);
      }
    }
  });

  it('clips by the norm of all gradients together and reports it unclipped', async () => {
    const model = tinyModel();
    const optimizer = new AdamW(model, {
      beta1: 0.9,
      beta2: 0.98,
      epsilon: 1e-8,
      weightDecay: 0,
      maxGradNorm: 1,
    });
    const norm = await optimizer.update(
      constantGradients(model, () => 2),
      0,
    );
    expect(norm).toBeCloseTo(2 * Math.sqrt(model.size), 1);
    const first = optimizer.state().moments.get('first.model.norm.weight')!.data[0]!;
    expect(first).toBeCloseTo((0.1 * 2) / norm, 6);
  });

  it.each([NaN, Infinity])(
    'refuses a gradient with %d in it, and leaves the weights as they were',
    async (value) => {
      const model = tinyModel();
      const before = model.fingerprint();
      const optimizer = new AdamW(model);
      const gradients = constantGradients(model, () => 0.1);
      gradients.get('model.norm.weight')![3] = value;
      await expect(optimizer.update(gradients, 0.01)).rejects.toThrow(/update 1 .*weights .* as they were/);
      expect([model.fingerprint(), optimizer.updates]).toEqual([before, 0]);
    },
  );

  it('goes on from a saved state as if it had not stopped', async () => {
    const [straight, stopped] = [tinyModel(), tinyModel()];
    const optimizer = new AdamW(straight);
    const early = new AdamW(stopped);
    await optimizer.update(
      constantGradients(straight, (i) => Math.sin(i)),
      0.01,
    );
    await early.update(
      constantGradients(stopped, (i) => Math.sin(i)),
      0.01,
    );
    const late = new AdamW(stopped);
    late.restore(early.state());
    await optimizer.update(
      constantGradients(straight, (i) => Math.cos(i)),
      0.01,
    );
    await late.update(
      constantGradients(stopped, (i) => Math.cos(i)),
      0.01,
    );
    expect(stopped.fingerprint()).toBe(straight.fingerprint());
  });
});
