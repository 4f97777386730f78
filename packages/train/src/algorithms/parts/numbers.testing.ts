import { DifferentiableGraph, runGraph, type TokenLoss } from '@touchstone/engine';
import { random } from '@touchstone/spec';

/** One answer's tokens as a loss is given them. */
export interface TokensOf {
  logprobs: readonly number[];
  old?: readonly number[];
  reference?: readonly number[];
  entropy?: readonly number[];
  advantage?: number;
  weight?: number;
  rival?: number;
}

/** Loss, metrics and d loss / d logprob of each token, one answer after the other. Weights are 1 and shares too unless they are said. */
export async function evaluate(
  { columns, build }: TokenLoss,
  answers: readonly TokensOf[],
): Promise<{ loss: number; gradient: number[]; metrics: Record<string, number> }> {
  const n = answers.reduce((sum, { logprobs }) => sum + logprobs.length, 0);
  const column = (read: (answer: TokensOf, t: number) => number) => ({
    dims: [n, 1],
    data: Float32Array.from(answers.flatMap((answer) => answer.logprobs.map((_, t) => read(answer, t)))),
  });
  const known: Record<string, { dims: number[]; data: Float32Array | Int32Array }> = {
    logprobs: column(({ logprobs }, t) => logprobs[t]!),
    old: column(({ logprobs, old = logprobs }, t) => old[t]!),
    reference: column(({ reference }, t) => reference?.[t] ?? NaN),
    entropy: column(({ entropy }, t) => entropy?.[t] ?? NaN),
    advantage: column(({ advantage = 1 }) => advantage),
    weight: column(({ weight = 1 }) => weight),
    share: column(({ weight = 1 }) => weight),
    length: column(({ logprobs }) => logprobs.length),
    rival: column(({ rival = NaN }) => rival),
    sequence: {
      dims: [n],
      data: Int32Array.from(answers.flatMap(({ logprobs }, i) => logprobs.map(() => i))),
    },
  };
  const graph = new DifferentiableGraph();
  const input = (name: string) =>
    name === 'sequence' ? graph.input(name, 'int32', [n]) : graph.input(name, 'float32', [n, 1]);
  const logprobs = input('logprobs');
  const inputs = Object.fromEntries(columns.map((name) => [name, input(name)]));
  const { loss, metrics } = build(graph, logprobs, inputs);
  const [gradient] = graph.backward(loss, [logprobs]);
  const feeds = Object.fromEntries(['logprobs', ...columns].map((name) => [name, known[name]!]));
  const named = Object.entries(metrics).map(([name, value]) => [`metric.${name}`, value]);
  const out = await runGraph(graph, { loss, gradient: gradient!, ...Object.fromEntries(named) }, feeds);
  return {
    loss: out['loss']![0]!,
    gradient: [...out['gradient']!],
    metrics: Object.fromEntries(Object.keys(metrics).map((name) => [name, out[`metric.${name}`]![0]!])),
  };
}

/** Three answers of several lengths, with ratios within and beyond the clips. */
export function someAnswers(): Required<Omit<TokensOf, 'rival'>>[] {
  const draw = random(7, 'answers');
  return [2, 4, 3].map((length, i) => {
    const numbers = (around: number, spread: number) =>
      Array.from({ length }, () => around + spread * draw.normal());
    const logprobs = numbers(-2, 0.3);
    return {
      logprobs,
      old: logprobs.map((logprob) => logprob + 0.2 * draw.normal()),
      reference: logprobs.map((logprob) => logprob + 0.3 * draw.normal()),
      entropy: numbers(1, 0.1),
      advantage: [0.7, -1.1, 0.4][i]!,
      weight: 1 / (3 * length),
    };
  });
}
