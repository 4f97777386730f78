import { DifferentiableGraph, runGraph } from '@touchstone/engine';
import { describe, expect, it } from 'vitest';
import { grpoLoss } from './loss.js';

interface Token {
  logprob: number;
  old: number;
  advantage: number;
  reference?: number;
}

/** Loss, metrics and d loss / d logprob for single tokens of weight 1. */
async function evaluate(tokens: Token[], options: Parameters<typeof grpoLoss>[0]) {
  const { columns, build } = grpoLoss(options);
  const graph = new DifferentiableGraph();
  const n = tokens.length;
  const logprobs = graph.input('logprobs', 'float32', [n, 1]);
  const inputs = Object.fromEntries(columns.map((name) => [name, graph.input(name, 'float32', [n, 1])]));
  const { loss, metrics } = build(graph, logprobs, inputs);
  const [gradient] = graph.backward(loss, [logprobs]);
  const column = (read: (token: Token) => number) => ({
    dims: [n, 1],
    data: Float32Array.from(tokens, read),
  });
  const out = await runGraph(
    graph,
    { loss, gradient: gradient!, ...metrics },
    {
      logprobs: column(({ logprob }) => logprob),
      old: column(({ old }) => old),
      advantage: column(({ advantage }) => advantage),
      weight: column(() => 1),
      ...(columns.includes('reference') ? { reference: column(({ reference }) => reference!) } : {}),
    },
  );
  return out;
}

const dapo = { clip_low: 0.2, clip_high: 0.28, kl_coefficient: 0 };
const atRatio = (ratio: number, advantage: number): Token => ({
  logprob: Math.log(ratio),
  old: 0,
  advantage,
});

describe('grpoLoss', () => {
  // [ratio, advantage, objective min(ρA, clip(ρ)A)], clip .2 / .28.
  it.each([
    [1.35, 1, 1.28],
    [1.35, -1, -1.35],
    [0.7, 1, 0.7],
    [0.7, -1, -0.8],
    [5, -1, -5],
    [1.25, 1, 1.25],
  ])('at ratio %d and advantage %d the objective is %d', async (ratio, advantage, objective) => {
    const { loss } = await evaluate([atRatio(ratio, advantage)], dapo);
    expect(loss![0]).toBeCloseTo(-objective, 5);
  });

  it('counts a token as clipped exactly where it loses its gradient', async () => {
    const tokens = [atRatio(1.35, 1), atRatio(1.35, -1), atRatio(0.7, 1), atRatio(0.7, -1), atRatio(1, 1)];
    const { gradient, clip_fraction } = await evaluate(tokens, dapo);
    expect(clip_fraction![0]).toBe(2);
    [0, 1.35, -0.7, 0, -1].forEach((expected, i) => expect(gradient![i]).toBeCloseTo(expected, 5));
  });

  it('measures KL by k3, never negative, and adds it with its coefficient', async () => {
    const tokens = [
      { logprob: -1, old: -1, advantage: 0, reference: -1.5 },
      { logprob: -1, old: -1, advantage: 0, reference: -0.5 },
    ];
    const { kl, loss, gradient } = await evaluate(tokens, { ...dapo, kl_coefficient: 0.1 });
    expect(kl![0]).toBeCloseTo(0.106531 + 0.148721, 5);
    expect(loss![0]).toBeCloseTo(0.1 * (0.106531 + 0.148721), 5);
    // d k3 / d logprob = 1 - exp(reference - logprob)
    expect(gradient![0]).toBeCloseTo(0.1 * (1 - Math.exp(-0.5)), 5);
    expect(gradient![1]).toBeCloseTo(0.1 * (1 - Math.exp(0.5)), 5);
  });
});
