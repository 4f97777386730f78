import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from '../graph/graph.js';
import { runGraph } from '../graph/session.js';
import { draw, type Sampling } from './draw.js';

/** Draws one of `weights` for each number of `uniforms`. */
async function drawn(weights: number[], uniforms: number[], sampling: Partial<Sampling> = {}) {
  const [rows, width] = [uniforms.length, weights.length];
  const g = new Graph();
  const logs = g.input('logs', 'float32', [rows, width]);
  const uniform = g.input('uniform', 'float32', [rows, 1]);
  const token = draw(g, g, logs, uniform, { temperature: 1, topK: 0, topP: 1, ...sampling }, width);
  const asFloat = g.node('Cast', [token], [rows, 1], { to: 1 });
  const total = weights.reduce((a, b) => a + b);
  const row = weights.map((weight) => Math.log(weight / total));
  const out = await runGraph(
    g,
    { token: asFloat },
    {
      logs: { dims: [rows, width], data: Float32Array.from(uniforms.flatMap(() => row)) },
      uniform: { dims: [rows, 1], data: Float32Array.from(uniforms) },
    },
  );
  return [...out['token']!];
}

describe('draw', () => {
  it('takes the token in whose part of the probability the uniform number lies', async () => {
    const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1, noNaN: true }));
    const uniform = fc.oneof(fc.constantFrom(0, 1 - 2 ** -24, 1), fc.double({ min: 0, max: 1, noNaN: true }));
    // No width is a whole number of blocks but by chance.
    const weights = fc
      .array(weight, { minLength: 1, maxLength: 300 })
      .filter((all) => all.some((w) => w > 0));
    await fc.assert(
      fc.asyncProperty(weights, fc.array(uniform, { minLength: 3, maxLength: 9 }), async (each, uniforms) => {
        const total = each.reduce((a, b) => a + b);
        const tokens = await drawn(each, uniforms);
        tokens.forEach((token, row) => {
          expect(each[token]).toBeGreaterThan(0);
          const before = each.slice(0, token).reduce((a, b) => a + b, 0) / total;
          expect(before).toBeLessThanOrEqual(uniforms[row]! + 1e-5);
          expect(before + each[token]! / total).toBeGreaterThanOrEqual(uniforms[row]! - 1e-5);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('never takes what has no probability, nor what top-k and top-p leave out', async () => {
    const weights = [0, 5, 0, 0, 3, 0, 1, 1, 0];
    const uniforms = [0, 0.3, 0.6, 0.85, 0.95, 1];
    expect(await drawn(weights, uniforms)).toEqual([1, 1, 4, 6, 7, 7]);
    expect(await drawn(weights, uniforms, { topK: 2 })).toEqual([1, 1, 1, 4, 4, 4]);
    expect(await drawn(weights, uniforms, { topP: 0.7 })).toEqual([1, 1, 1, 4, 4, 4]);
    expect(await drawn(weights, uniforms, { temperature: 0 })).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
