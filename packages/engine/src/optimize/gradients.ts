import { DifferentiableGraph } from '../graph/autodiff.js';
import type { Value } from '../graph/graph.js';
import type { TokenScores } from '../graph/log-probability.js';
import { trainingTrack } from '../graph/tracks.js';
import { floats, type Tensors } from '../graph/tensor.js';
import type { WeightValues } from '../families/linear.js';
import type { CausalLM } from '../model.js';
import { fitsIn } from '../memory.js';
import { arrange, type Batch, type Sequence } from './arrange.js';
import { ENTROPY, pack, SEQUENCE, type MicroBatch, type TrainingSequence } from './micro-batches.js';

/**
 * A loss over scored tokens, written in graph operators.
 * @param logprobs [n, 1] log-probabilities of the scored tokens under the weights being trained
 * @param columns each [n, 1], as the sequences carry them; two the engine makes itself where they are named: `sequence`, int32 [n],
 *   which sequence of the run each token is of (all of its tokens are there), and `entropy`, in nats, of what each was drawn from under the
 *   weights being trained
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

/**
 * Loss, its metrics and its gradient over all sequences, each a sum over scored tokens. Frozen weights have no gradient.
 * Sequences that are equal up to `start` are computed once up to there.
 * @throws {RangeError} when a sequence has more tokens than the model has positions, or nothing before `start`.
 */
export async function gradients(
  model: CausalLM,
  sequences: readonly TrainingSequence[],
  loss: TokenLoss,
  temperature = 1,
): Promise<GradientResult> {
  const total: GradientResult = { loss: 0, metrics: {}, gradients: new Map() };
  const { batches, recompute } = arrangement(model, sequences);
  const packed = batches.map((batch) => pack(batch, sequences, loss.columns));
  const key = `gradient/${loss.key}/${temperature}/${recompute ? 'recomputed' : 'kept'}`;
  const build = (): Uint8Array<ArrayBuffer> => gradientGraph(model, loss, temperature, recompute);
  for await (const out of runs(model, key, build, packed)) {
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

/** What a gradient that computes every layer twice costs in place of one that does it once: three passes become four. */
const RECOMPUTING = 4 / 3;

/**
 * What is computed together. What layers compute is kept for the gradient, unless there is no memory for that, or so little that
 * prompts would be computed more often than layers.
 */
export function arrangement(
  model: CausalLM,
  sequences: readonly Sequence[],
): { batches: Batch[]; recompute: boolean } {
  const { maxPositions } = model.config;
  const [keeps, recomputes] = [fitsIn(model, false), fitsIn(model, true)];
  const kept = arrange(sequences, maxPositions, keeps);
  const recomputed = arrange(sequences, maxPositions, recomputes);
  const tokens = (batches: Batch[]): number => batches.reduce((sum, { load }) => sum + load.tokens, 0);
  return kept.every(({ load }) => keeps(load)) && tokens(kept) <= RECOMPUTING * tokens(recomputed)
    ? { batches: kept, recompute: false }
    : { batches: recomputed, recompute: true };
}

/** Outputs of a graph for each micro-batch. The next one is computed while the caller works on what the last one gave. */
async function* runs(
  model: CausalLM,
  key: string,
  build: () => Uint8Array<ArrayBuffer>,
  batches: Iterable<MicroBatch>,
): AsyncGenerator<Tensors> {
  const weights = model.feeds();
  let running: Promise<Tensors> | undefined;
  for (const { feeds } of batches) {
    const session = await model.sessions.get(key, build, trainingTrack());
    const next = session.run({ ...weights, ...feeds });
    // Its failure is told when its turn comes.
    next.catch(() => undefined);
    if (running) yield await running;
    running = next;
  }
  if (running) yield await running;
}

function gradientGraph(
  model: CausalLM,
  tokenLoss: TokenLoss,
  temperature: number,
  recompute: boolean,
): Uint8Array<ArrayBuffer> {
  const graph = new DifferentiableGraph(recompute);
  const { weights, logprobs, entropy } = scoringGraph(
    graph,
    model,
    temperature,
    tokenLoss.columns.includes(ENTROPY),
  );
  const columnOf = (name: string): Value => {
    if (name === ENTROPY) return entropy!;
    return name === SEQUENCE
      ? graph.input(`column.${name}`, 'int32', ['scored'])
      : graph.input(`column.${name}`, 'float32', ['scored', 1]);
  };
  const columns = Object.fromEntries(tokenLoss.columns.map((name) => [name, columnOf(name)]));
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

/**
 * Log-probabilities of each sequence's scored tokens, in the order given.
 * @throws {RangeError} as `gradients` does
 */
export async function logProbabilities(
  model: CausalLM,
  sequences: readonly Sequence[],
  temperature = 1,
): Promise<Float32Array[]> {
  const plain = sequences.map(({ tokens, start }) => ({ tokens, start, columns: {} }));
  const results = sequences.map(({ tokens, start }) => new Float32Array(tokens.length - start));
  // The same batches as the gradient's: memory is counted for both together.
  const batches = arrangement(model, sequences).batches.map((batch) => pack(batch, plain, []));
  const build = (): Uint8Array<ArrayBuffer> => {
    const graph = new DifferentiableGraph();
    const { logprobs } = scoringGraph(graph, model, temperature);
    return graph.toModel({ logprobs: { value: logprobs } });
  };
  let batch = 0;
  for await (const { logprobs } of runs(model, `logprobs/${temperature}`, build, batches)) {
    const out = floats(logprobs);
    let read = 0;
    for (const i of batches[batch++]!.order)
      results[i]!.set(out.subarray(read, (read += results[i]!.length)));
  }
  return results;
}

/** Declares weights and a micro-batch, and scores it. */
function scoringGraph(
  graph: DifferentiableGraph,
  model: CausalLM,
  temperature: number,
  withEntropy = false,
): { weights: WeightValues } & TokenScores {
  const weights = model.declareParameters(graph);
  const int32 = (name: string, ...dims: string[]): Value => graph.input(name, 'int32', dims);
  const inputs = {
    tokens: int32('tokens', 'tokens'),
    positions: graph.input('positions', 'int64', ['tokens', 1]),
    layout: {
      prompts: int32('prompts', 'prompts', 'prompt'),
      answers: int32('answers', 'answers', 'answer'),
      readers: int32('readers', 'prompts', 'readers'),
      places: int32('places', 'tokens'),
      readerPlaces: int32('readerPlaces', 'tokens'),
      padding: graph.input('padding', 'float32', ['tokens', 1]),
    },
    scored: int32('scored', 'scored'),
    targets: int32('targets', 'scored'),
  };
  return { weights, ...model.architecture.scores(graph, weights, inputs, temperature, withEntropy) };
}
