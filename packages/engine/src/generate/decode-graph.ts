import type { Decoder } from '../families/family.js';
import { weightsRight, weightsLeft, type TokenProducts } from '../families/token-products.js';
import { Graph, type Value } from '../graph/graph.js';
import type { CausalLM } from '../model.js';
import { attendTogether, type LayerCache } from './attention.js';
import { draw, type Sampling } from './draw.js';
import { Operators, UNKNOWN } from './operators.js';
import { readPrompts, type ReadPrompts } from './read-prompts.js';

export interface DecodeOptions {
  /** Whether a prompt goes on after the prefix that it shares. */
  hasSuffixes: boolean;
  /** Tokens that a row may have. */
  positions: number;
  sampling: Sampling;
  endTokens: readonly number[];
}

/** Steps after which rows that have ended leave the batch. */
const CHUNK = 16;
const COLUMN = [UNKNOWN, 1];
/**
 * Models of this width and more have weights worth reading as they lie. Narrower ones gain less by it than turning rows into columns costs, and those
 * that are frozen have their weights packed. Measured with 16 to 128 rows on two cores.
 */
const WIDE = 512;

/**
 * One graph that answers a whole batch: reads the prompts at once, then decodes token by token inside an ONNX `Loop`,
 * so that neither the KV cache nor the logits ever cross into JavaScript. A loop around it lets ended rows leave.
 *
 * Inputs, beside those of `readPrompts`: `prompt_last` int32 [B, 1]; `positions` int32 [B] of that token;
 * `limits` int32 [B]: at most so many tokens; `uniforms` float32 [T, B]: one random number in [0, 1) a token, T the largest limit.
 * Outputs: `tokens` int32 [T, B], `logprobs` float32 [T, B] under the tempered distribution before top-k and top-p.
 * What follows a row's end means nothing.
 */
export function decodeGraph(model: CausalLM, options: DecodeOptions): Uint8Array<ArrayBuffer> {
  const g = new Graph();
  const weights = model.declareParameters(g);
  const decoder = model.architecture.decoder(g, weights, options.positions);
  const read = readPrompts(g, decoder, weightsRight(g, g, weights), options.hasSuffixes);
  const token = g.input('prompt_last', 'int32', ['B', 1]);
  const positions = g.input('positions', 'int32', ['B']);
  const limits = g.input('limits', 'int32', ['B']);
  const uniforms = g.input('uniforms', 'float32', ['T', 'B']);

  const of = new Operators(g, g);
  const rows = of.range(g.int64Scalar(0), of.scalar(of.dim(positions, 0)));
  const steps = of.scalar(of.dim(uniforms, 0));
  const always = of.cast(of.scalar(g.int64([1])), 'bool');
  const tokens = of.cast(of.binary('Mul', uniforms, g.scalar(0)), 'int32');
  const logprobs = of.binary('Mul', uniforms, g.scalar(0));
  const states = [
    g.int64Scalar(0),
    of.cast(rows, 'int32'),
    token,
    positions,
    tokens,
    logprobs,
    read.kept.mask,
    ...toStates(read.kept.caches),
  ];
  const { vocabulary } = model.config;
  const chunk = new Graph('chunk_');
  const packed =
    model.config.hidden < WIDE ? new Map([...weights, ...model.frozenConstants(chunk)]) : undefined;
  const products = (step: Graph): TokenProducts =>
    packed ? weightsRight(step, g, packed) : weightsLeft(step, g, weights);
  const body = chunkGraph(g, chunk, decoder, {
    ...options,
    ...read,
    products,
    vocabulary,
    uniforms,
    limits,
    steps,
  });
  const outputs = g.nodesOf(
    'Loop',
    [steps, always, ...states],
    states.map((s) => s.shape),
    { body },
  );
  const [, , , , allTokens, allLogprobs] = outputs as [Value, Value, Value, Value, Value, Value];
  return g.toModel({ tokens: { value: allTokens, type: 'int32' }, logprobs: { value: allLogprobs } });
}

interface Steps extends DecodeOptions, Omit<ReadPrompts, 'kept'> {
  products: (step: Graph) => TokenProducts;
  vocabulary: number;
  uniforms: Value;
  limits: Value;
  /** int64 scalar: T. */
  steps: Value;
}

/** Body of the outer loop: up to `CHUNK` steps of all rows, then those that have ended leave. */
function chunkGraph(outer: Graph, g: Graph, decoder: Decoder, options: Steps): Graph {
  const of = new Operators(g, outer);
  g.input('chunk', 'int64', []);
  g.input('chunk_go_on', 'bool', []);
  const start = g.input('chunk_start', 'int64', []);
  const rows = g.input('chunk_rows', 'int32', ['n']);
  const token = g.input('chunk_token', 'int32', ['n', 1]);
  const positions = g.input('chunk_positions', 'int32', ['n']);
  const tokens = g.input('chunk_tokens', 'int32', ['T', 'B']);
  const logprobs = g.input('chunk_logprobs', 'float32', ['T', 'B']);
  const mask = g.input('chunk_mask', 'float32', ['n', 1, 1, 'S']);
  const kept = cacheInputs(g, 'chunk_kept', decoder, 'S');

  const left = of.binary('Sub', options.steps, start);
  const trips = g.node('Min', [left, outer.int64Scalar(CHUNK)], []);
  const always = of.cast(of.scalar(outer.int64([1])), 'bool');
  const none = of.cast(of.binary('Mul', token, outer.int32([0])), 'bool');
  // A loop copies its states at each step. What the rows have kept by now is none; what they add in this chunk is.
  const { layers, keyValueHeads, headSize } = decoder.attention;
  const n = of.dim(rows, 0);
  const nothing = of.zeros([n, keyValueHeads, 0, headSize]);
  const states = [token, positions, none, ...Array.from({ length: 2 * layers }, () => nothing)];
  const body = stepGraph(outer, decoder, { ...options, start, rows, kept: { caches: kept, mask } });
  const outputs = g.nodesOf(
    'Loop',
    [trips, always, ...states],
    [...states.map((s) => s.shape), [UNKNOWN, UNKNOWN, 1], [UNKNOWN, UNKNOWN, 1]],
    { body },
  );
  const [newTokens, newLogprobs] = outputs.slice(-2) as [Value, Value];
  const end = of.binary('Add', start, of.scalar(of.dim(newTokens, 0)));
  const times = of.range(start, end);
  const shape = g.node('Shape', [newTokens], [3]);
  const indices = of.concat(
    [of.unsqueeze(times, 1, 2), of.unsqueeze(of.cast(rows, 'int64'), 0, 2)].map((index) =>
      g.node('Expand', [index, shape], [UNKNOWN, UNKNOWN, 1]),
    ),
    2,
  );
  const write = (into: Value, chunk: Value): Value =>
    g.node('ScatterND', [into, indices, of.squeeze(chunk, 2)], into.shape);
  const [lastToken, nextPosition, ended, ...carried] = outputs.slice(0, -2) as [
    Value,
    Value,
    Value,
    ...Value[],
  ];
  const nowKept = toStates(kept).map((cache, i) => of.concat([cache, carried[i]!], 2));
  const nowSeen = of.concat([mask, of.zeros([n, 1, 1, of.dim(carried[0]!, 2)])], 3);
  const running = g.node('NonZero', [g.node('Not', [of.squeeze(ended, 1)], [UNKNOWN])], [1, UNKNOWN]);
  const stay = of.squeeze(running, 0);
  const count = of.scalar(of.dim(stay, 0));
  const goOn = g.node('Greater', [count, outer.int64Scalar(0)], []);
  const next = (value: Value): Value => of.gather(value, stay);
  g.outputs = [
    { value: goOn, type: 'bool' },
    { value: end, type: 'int64' },
    { value: next(rows), type: 'int32', dims: ['n2'] },
    { value: next(lastToken), type: 'int32', dims: ['n2', 1] },
    { value: next(nextPosition), type: 'int32', dims: ['n2'] },
    { value: write(tokens, newTokens), type: 'int32', dims: ['T', 'B'] },
    { value: write(logprobs, newLogprobs), type: 'float32', dims: ['T', 'B'] },
    { value: next(nowSeen), type: 'float32', dims: ['n2', 1, 1, 'S2'] },
    ...nowKept.map((cache) => cacheOutput(next(cache), decoder, 'n2', 'S2')),
  ];
  return g;
}

/** Layers' keys and values as the states of a loop, and what its body declares of them. */
const toStates = (caches: readonly LayerCache[]): Value[] => caches.flatMap(({ key, value }) => [key, value]);

function cacheInputs(g: Graph, name: string, { attention }: Decoder, tokens: string): LayerCache[] {
  const dims = ['n', attention.keyValueHeads, tokens, attention.headSize];
  return Array.from({ length: attention.layers }, (_, layer) => ({
    key: g.input(`${name}_key_${layer}`, 'float32', dims),
    value: g.input(`${name}_value_${layer}`, 'float32', dims),
  }));
}

const cacheOutput = (value: Value, { attention }: Decoder, rows: string, tokens: string) => ({
  value,
  type: 'float32' as const,
  dims: [rows, attention.keyValueHeads, tokens, attention.headSize],
});

/** Body of the inner loop: reads each row's newest token, and draws the next one. Constants live in the graph around it. */
function stepGraph(
  outer: Graph,
  decoder: Decoder,
  {
    prefixes,
    slots,
    uniforms,
    limits,
    sampling,
    endTokens,
    products,
    vocabulary,
    start,
    rows,
    kept,
  }: Steps & { start: Value; rows: Value; kept: ReadPrompts['kept'] },
): Graph {
  const g = new Graph('step_');
  const of = new Operators(g, outer);
  const step = g.input('step', 'int64', []);
  g.input('step_go_on', 'bool', []);
  const token = g.input('step_token', 'int32', ['n', 1]);
  const positions = g.input('step_positions', 'int32', ['n']);
  const done = g.input('step_done', 'bool', ['n', 1]);
  const carried = cacheInputs(g, 'step', decoder, 't');

  const context = {
    prefixes,
    slots: of.gather(slots, rows),
    positions: of.unsqueeze(of.cast(positions, 'int64'), 1),
    kept,
    carried,
    mask: null,
  };
  const caches: LayerCache[] = [];
  const inStep = products(g);
  const hidden = decoder.forward(g, token, attendTogether(of, decoder, context, caches), inStep);
  const logits = decoder.logits(g, hidden, sampling.temperature > 0 ? 1 / sampling.temperature : 1, inStep);
  const logs = g.node('LogSoftmax', [logits], logits.shape, { axis: -1 });
  const time = of.binary('Add', start, step);
  const uniform = of.unsqueeze(of.gather(of.gather(uniforms, time), rows), 1);
  const drawn = draw(g, outer, logs, uniform, sampling, vocabulary);
  const logprob = g.node('GatherElements', [logs, drawn], COLUMN, { axis: -1 });
  // Counted from 0: the last one that a row may have.
  const last = of.binary('Sub', of.unsqueeze(of.gather(limits, rows), 1), outer.int32([1]));
  let ended = g.node('Or', [done, of.binary('GreaterOrEqual', of.cast(time, 'int32'), last)], COLUMN);
  for (const id of endTokens) {
    ended = g.node('Or', [ended, g.node('Equal', [drawn, outer.int32([id])], COLUMN)], COLUMN);
  }
  // Bool has no ReduceMin before opset 20.
  const running = of.cast(g.node('Not', [ended], COLUMN), 'int32');
  const anyRunning = of.cast(g.node('ReduceMax', [running], [], { keepdims: 0 }), 'bool');
  g.outputs = [
    { value: anyRunning, type: 'bool', dims: [] },
    { value: drawn, type: 'int32', dims: ['n', 1] },
    { value: of.binary('Add', positions, outer.int32([1])), type: 'int32', dims: ['n'] },
    { value: g.node('Identity', [ended], COLUMN), type: 'bool', dims: ['n', 1] },
    ...toStates(caches).map((cache) => cacheOutput(cache, decoder, 'n', 't2')),
    { value: g.node('Identity', [drawn], COLUMN), type: 'int32', dims: ['n', 1] },
    { value: logprob, type: 'float32', dims: ['n', 1] },
  ];
  return g;
}
