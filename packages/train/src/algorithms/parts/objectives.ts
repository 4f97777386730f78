import type { DifferentiableGraph, Value } from '@touchstone/engine';

type Columns = Record<string, Value>;

/** What a policy is pushed to make large, token by token, and where it is not pushed any further. */
export interface Objective {
  /** Tells formulas with their constants apart. */
  key: string;
  columns: readonly string[];
  build(
    g: DifferentiableGraph,
    logprobs: Value,
    columns: Columns,
  ): {
    objective: Value;
    /** 1 where the ratio is cut, 0 elsewhere. */
    isCut: Value;
  };
}

/** How likely what was drawn is now, beside when it was drawn. */
export interface Ratio {
  name: string;
  columns: readonly string[];
  build(g: DifferentiableGraph, logprobs: Value, columns: Columns): Value;
}

/** ρ_t = π(o_t) / π_old(o_t). */
export const tokenRatio: Ratio = {
  name: 'token',
  columns: ['old'],
  build: (g, logprobs, { old }) => g.exp(g.subtract(logprobs, old!)),
};

/** ρ = π(o) / π_old(o), of a whole answer: the same for all of its tokens. */
export const answerRatio: Ratio = {
  name: 'answer',
  columns: ['old', 'sequence'],
  build: (g, logprobs, { old, sequence }) => g.exp(g.sumOfGroup(g.subtract(logprobs, old!), sequence!)),
};

/** s = (π(o) / π_old(o))^(1/|o|), the geometric mean of an answer's ratios: the same for all of its tokens. */
export const meanRatio: Ratio = {
  name: 'mean',
  columns: ['old', 'sequence', 'length'],
  build: (g, logprobs, { old, sequence, length }) =>
    g.exp(
      g.sumOfGroup(g.multiply(g.subtract(logprobs, old!), g.elementwise('Reciprocal', length!)), sequence!),
    ),
};

/** min(ρA, clip(ρ, 1 − low, 1 + high) A): PPO's (arXiv 1707.06347). */
export const clipped = (
  ratio: Ratio,
  { clip_low: low, clip_high: high }: { clip_low: number; clip_high: number },
): Objective => ({
  key: `${ratio.name}/${low}/${high}`,
  columns: [...ratio.columns, 'advantage'],
  build(g, logprobs, columns) {
    const rho = ratio.build(g, logprobs, columns);
    const plain = g.multiply(rho, columns['advantage']!);
    const cut = g.multiply(g.clamp(rho, 1 - low, 1 + high), columns['advantage']!);
    return { objective: g.minimum(plain, cut), isCut: isLess(g, cut, plain) };
  },
});

/** sg(min(ρ, cap)) A log π: the ratio is a weight, so that every token keeps its gradient. */
export const weighted = (ratio: Ratio, cap: number): Objective => ({
  key: `weighted/${ratio.name}/${cap}`,
  columns: [...ratio.columns, 'advantage'],
  build(g, logprobs, columns) {
    const rho = ratio.build(g, logprobs, columns);
    // Not recorded: no gradient goes through it.
    const weight = g.elementwise('Min', rho, g.scalar(cap));
    const pushed = g.multiply(g.multiply(weight, columns['advantage']!), logprobs);
    return { objective: pushed, isCut: isLess(g, weight, rho) };
  },
});

const FLOAT32 = 1;
const isLess = (g: DifferentiableGraph, a: Value, b: Value): Value =>
  g.node('Cast', [g.node('Less', [a, b], a.shape)], a.shape, { to: FLOAT32 });
