import { DifferentiableGraph } from '../graph/autodiff.js';
import type { Value } from '../graph/graph.js';
import { float32, floats, int32, type Tensors } from '../graph/tensor.js';
import { declareParameters, llamaLogProbabilities } from '../families/llama/forward.js';
import type { LlamaModel } from '../families/llama/model.js';

/** A token sequence with one row of numbers for each token that counts. */
export interface TrainingSequence {
  tokens: readonly number[];
  /** Index of the first token whose log-probability is used; it is predicted from the one before, so at least 1. */
  start: number;
  /** Per scored token, one number a column of the loss (for example advantage and weight). Length: tokens − start. */
  columns: Record<string, ArrayLike<number> | number>;
}

/**
 * A loss over scored tokens, written in graph operators.
 * @param logprobs [n, 1] log-probabilities of the scored tokens under the weights being trained
 * @param columns each [n, 1], as the sequences carry them; 0 in padding
 * @returns a scalar to minimise and scalars to report, all *sums* over tokens so that micro-batches add up
 */
export interface TokenLoss {
  /** Identifies the formula with its constants: compiled graphs are reused by it. */
  key: string;
  columns: readonly string[];
  build(
    graph: DifferentiableGraph,
    logprobs: Value,
    columns: Record<string, Value>,
  ): { loss: Value; metrics: Record<string, Value> };
}

export interface GradientResult {
  loss: number;
  metrics: Record<string, number>;
  gradients: Map<string, Float32Array>;
}

interface MicroBatch {
  batch: number;
  length: number;
  scored: number;
  feeds: Tensors;
}

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;

/** Token positions per micro-batch: small enough that attention stays in cache, large enough to fill the cores. */
const POSITIONS = 2048;

/** Packs sequences of similar length together; shapes are rounded so that few graphs need compiling. */
export function microBatches(
  sequences: readonly TrainingSequence[],
  columns: readonly string[],
): MicroBatch[] {
  const sorted = [...sequences].sort((a, b) => a.tokens.length - b.tokens.length);
  const batches: MicroBatch[] = [];
  for (let end = sorted.length; end > 0;) {
    // The model never needs the last token's prediction.
    const length = roundUp(sorted[end - 1]!.tokens.length - 1, 32);
    const batch = 2 ** Math.floor(Math.log2(Math.max(1, POSITIONS / length)));
    const rows = sorted.slice(Math.max(0, end - batch), end);
    end -= rows.length;
    batches.push(pack(rows, batch, length, columns));
  }
  return batches;
}

function pack(
  rows: readonly TrainingSequence[],
  batch: number,
  length: number,
  columns: readonly string[],
): MicroBatch {
  const count = rows.reduce((sum, row) => sum + row.tokens.length - row.start, 0);
  const scored = roundUp(Math.max(count, 1), 1024);
  const tokens = new Int32Array(batch * length);
  const positions = new Int32Array(scored);
  const targets = new Int32Array(scored);
  const values = Object.fromEntries(columns.map((name) => [name, new Float32Array(scored)]));
  let n = 0;
  rows.forEach((row, r) => {
    tokens.set(row.tokens.slice(0, -1), r * length);
    for (let t = row.start; t < row.tokens.length; t++, n++) {
      positions[n] = r * length + t - 1;
      targets[n] = row.tokens[t]!;
      for (const name of columns) {
        const column = row.columns[name]!;
        values[name]![n] = typeof column === 'number' ? column : column[t - row.start]!;
      }
    }
  });
  const feeds: Tensors = {
    tokens: int32(tokens, [batch * length]),
    positions: int32(positions, [scored]),
    targets: int32(targets, [scored, 1]),
  };
  for (const name of columns) feeds[`column.${name}`] = float32(values[name]!, [scored, 1]);
  return { batch, length, scored, feeds };
}

/** Loss, its metrics and its gradient over all sequences, each a sum over scored tokens. */
export async function gradients(
  model: LlamaModel,
  sequences: readonly TrainingSequence[],
  loss: TokenLoss,
  temperature = 1,
): Promise<GradientResult> {
  const total: GradientResult = { loss: 0, metrics: {}, gradients: new Map() };
  const weights = model.feeds();
  for (const { batch, length, scored, feeds } of microBatches(sequences, loss.columns)) {
    const key = `gradient/${loss.key}/${temperature}/${batch}x${length}/${scored}`;
    const session = await model.sessions.get(key, () =>
      gradientGraph(model, loss, batch, length, scored, temperature),
    );
    const out = await session.run({ ...weights, ...feeds });
    total.loss += floats(out['loss'])[0]!;
    for (const [name, tensor] of Object.entries(out)) {
      const data = floats(tensor);
      if (name.startsWith('metric.')) {
        const metric = name.slice('metric.'.length);
        total.metrics[metric] = (total.metrics[metric] ?? 0) + data[0]!;
      } else if (name.startsWith('gradient.')) {
        const parameter = name.slice('gradient.'.length);
        const sum = total.gradients.get(parameter);
        if (!sum) total.gradients.set(parameter, data);
        else for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
      }
    }
  }
  return total;
}

function gradientGraph(
  model: LlamaModel,
  tokenLoss: TokenLoss,
  batch: number,
  length: number,
  scored: number,
  temperature: number,
): Uint8Array<ArrayBuffer> {
  const graph = new DifferentiableGraph();
  const weights = declareParameters(graph, model.config);
  const logprobs = llamaLogProbabilities(
    graph,
    model.config,
    weights,
    declareBatch(graph, batch, length, scored),
    temperature,
  );
  const columns = Object.fromEntries(
    tokenLoss.columns.map((name) => [name, graph.input(`column.${name}`, 'float32', [scored, 1])]),
  );
  const { loss, metrics } = tokenLoss.build(graph, logprobs, columns);
  const names = [...weights.keys()];
  const gradientsOf = graph.backward(loss, [...weights.values()]);
  return graph.toModel({
    loss: { value: loss },
    ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`metric.${name}`, { value }])),
    ...Object.fromEntries(gradientsOf.map((value, i) => [`gradient.${names[i]}`, { value }])),
  });
}

function declareBatch(graph: DifferentiableGraph, batch: number, length: number, scored: number) {
  return {
    tokens: graph.input('tokens', 'int32', [batch * length]),
    positions: graph.input('positions', 'int32', [scored]),
    targets: graph.input('targets', 'int32', [scored, 1]),
    batch,
    length,
  };
}

/** Log-probabilities of each sequence's scored tokens, in the order given. */
export async function logProbabilities(
  model: LlamaModel,
  sequences: readonly { tokens: readonly number[]; start: number }[],
  temperature = 1,
): Promise<Float32Array[]> {
  const weights = model.feeds();
  // Padding carries 0 in every column: owners count from 1.
  const indexed = sequences.map((sequence, index) => ({ ...sequence, columns: { owner: index + 1 } }));
  const results: Float32Array[] = sequences.map(
    ({ tokens, start }) => new Float32Array(tokens.length - start),
  );
  const filled = sequences.map(() => 0);
  for (const { batch, length, scored, feeds } of microBatches(indexed, ['owner'])) {
    const { 'column.owner': owners, ...inputs } = feeds;
    const session = await model.sessions.get(`logprobs/${temperature}/${batch}x${length}/${scored}`, () => {
      const graph = new DifferentiableGraph();
      const declared = declareParameters(graph, model.config);
      const value = llamaLogProbabilities(
        graph,
        model.config,
        declared,
        declareBatch(graph, batch, length, scored),
        temperature,
      );
      return graph.toModel({ logprobs: { value } });
    });
    const out = floats((await session.run({ ...weights, ...inputs }))['logprobs']);
    floats(owners).forEach((owner, n) => {
      if (owner === 0) return;
      const at = owner - 1;
      results[at]![filled[at]!] = out[n]!;
      filled[at]! += 1;
    });
  }
  return results;
}
