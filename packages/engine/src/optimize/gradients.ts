import { DifferentiableGraph } from '../graph/autodiff.js';
import type { Value } from '../graph/graph.js';
import { floats } from '../graph/tensor.js';
import type { WeightValues } from '../families/family.js';
import type { CausalLM } from '../model.js';
import { microBatches, type MicroBatch, type TrainingSequence } from './micro-batches.js';

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

/** Loss, its metrics and its gradient over all sequences, each a sum over scored tokens. Frozen weights have no gradient. */
export async function gradients(
  model: CausalLM,
  sequences: readonly TrainingSequence[],
  loss: TokenLoss,
  temperature = 1,
): Promise<GradientResult> {
  const total: GradientResult = { loss: 0, metrics: {}, gradients: new Map() };
  const weights = model.feeds();
  for (const { feeds, ...shape } of microBatches(sequences, loss.columns)) {
    const session = await model.sessions.get(`gradient/${loss.key}/${temperature}/${shapeKey(shape)}`, () =>
      gradientGraph(model, loss, shape, temperature),
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
  model: CausalLM,
  tokenLoss: TokenLoss,
  shape: Shape,
  temperature: number,
): Uint8Array<ArrayBuffer> {
  const graph = new DifferentiableGraph();
  const { weights, logprobs } = scoringGraph(graph, model, shape, temperature);
  const columns = Object.fromEntries(
    tokenLoss.columns.map((name) => [name, graph.input(`column.${name}`, 'float32', [shape.scored, 1])]),
  );
  const { loss, metrics } = tokenLoss.build(graph, logprobs, columns);
  const names = [...model.parameters.trainable.keys()];
  const gradientsOf = graph.backward(
    loss,
    names.map((name) => weights.get(name)!),
  );
  return graph.toModel({
    loss: { value: loss },
    ...Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`metric.${name}`, { value }])),
    ...Object.fromEntries(gradientsOf.map((value, i) => [`gradient.${names[i]}`, { value }])),
  });
}

/** Log-probabilities of each sequence's scored tokens, in the order given. */
export async function logProbabilities(
  model: CausalLM,
  sequences: readonly Pick<TrainingSequence, 'tokens' | 'start'>[],
  temperature = 1,
): Promise<Float32Array[]> {
  const weights = model.feeds();
  // Padding carries 0 in every column: owners count from 1.
  const indexed = sequences.map(({ tokens, start }, index) => ({
    tokens,
    start,
    columns: { owner: index + 1 },
  }));
  const results: Float32Array[] = sequences.map(
    ({ tokens, start }) => new Float32Array(tokens.length - start),
  );
  const filled = sequences.map(() => 0);
  for (const { feeds, ...shape } of microBatches(indexed, ['owner'])) {
    const { 'column.owner': owners, ...inputs } = feeds;
    const session = await model.sessions.get(`logprobs/${temperature}/${shapeKey(shape)}`, () => {
      const graph = new DifferentiableGraph();
      const { logprobs } = scoringGraph(graph, model, shape, temperature);
      return graph.toModel({ logprobs: { value: logprobs } });
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

type Shape = Omit<MicroBatch, 'feeds'>;
const shapeKey = ({ batch, length, scored }: Shape): string => `${batch}x${length}/${scored}`;

/** Declares weights and a micro-batch of this shape, and scores it. */
function scoringGraph(
  graph: DifferentiableGraph,
  model: CausalLM,
  { batch, length, scored }: Shape,
  temperature: number,
): { weights: WeightValues; logprobs: Value } {
  const weights = model.declareParameters(graph);
  const inputs = {
    tokens: graph.input('tokens', 'int32', [batch * length]),
    positions: graph.input('positions', 'int32', [scored]),
    targets: graph.input('targets', 'int32', [scored, 1]),
    batch,
    length,
  };
  const logprobs = model.architecture.logProbabilities(graph, weights, inputs, temperature);
  return { weights, logprobs };
}
