import type { Decoder } from '../families/family.js';
import { Graph, type Value } from '../graph/graph.js';
import type { CausalLM } from '../model.js';
import { draw, type Sampling } from './draw.js';

/** A dimension that only the run knows. */
const UNKNOWN = -1;
const COLUMN = [UNKNOWN, 1];

/**
 * One graph that answers a whole batch: reads the prompts at once, then decodes token by token inside an ONNX `Loop`,
 * so that neither the KV cache nor the logits ever cross into JavaScript.
 *
 * Inputs: `prompts` int32 [P, L] padded on the right and without each prompt's last token; `prompt_last` int32 [P, 1];
 * `prompt_lengths` int32 [P] (without the last token, at least 1); `rows` int32 [B]: which prompt each row answers;
 * `uniforms` float32 [T, B]: one random number in [0, 1) a token; `limit` int64: at most T tokens.
 * Outputs: `tokens` int32 [T', B], `logprobs` float32 [T', B] under the tempered distribution before top-k and top-p.
 * Rows that have ended repeat the first end token.
 */
export function decodeGraph(
  model: CausalLM,
  positions: number,
  sampling: Sampling,
  endTokens: readonly number[],
): Uint8Array<ArrayBuffer> {
  const g = new Graph();
  const decoder = model.architecture.decoder(g, model.declareParameters(g), positions);
  const prompts = g.input('prompts', 'int32', ['P', 'L']);
  const promptLast = g.input('prompt_last', 'int32', ['P', 1]);
  const promptLengths = g.input('prompt_lengths', 'int32', ['P']);
  const rows = g.input('rows', 'int32', ['B']);
  const uniforms = g.input('uniforms', 'float32', ['T', 'B']);
  const limit = g.input('limit', 'int64', []);

  const one = g.int32([1]);
  const { caches } = decoder.forward(g, prompts, null, {
    lengths: g.node('Sub', [promptLengths, one], [UNKNOWN]),
    // The prompt's own width, and not its longest row: the first call wants the two to be equal.
    width: g.node('Cast', [g.node('Shape', [prompts], [1], { start: 1, end: 2 })], [1], { to: 6 }),
  });
  const body = stepGraph(g, decoder, {
    layers: caches.length,
    vocabulary: model.config.vocabulary,
    uniforms,
    sampling,
    endTokens,
  });

  const ofRows = (value: Value): Value => g.node('Gather', [value, rows], value.shape);
  const rowColumn = g.node('Unsqueeze', [rows, g.int64([1])], COLUMN);
  const notDone = g.node('Cast', [g.node('Mul', [rowColumn, g.int32([0])], COLUMN)], COLUMN, { to: 9 });
  const states = [
    ofRows(promptLast),
    ofRows(promptLengths),
    notDone,
    ...caches.flatMap(({ key, value }) => [ofRows(key), ofRows(value)]),
  ];
  const always = g.node('Reshape', [g.node('Equal', [one, one], [1]), g.int64([])], []);
  const outputs = g.nodesOf(
    'Loop',
    [limit, always, ...states],
    [...states.map((s) => s.shape), [UNKNOWN, UNKNOWN, 1], [UNKNOWN, UNKNOWN, 1]],
    { body },
  );
  const [tokens, logprobs] = outputs.slice(-2) as [Value, Value];
  const squeeze = (value: Value): Value => g.node('Squeeze', [value, g.int64([2])], [UNKNOWN, UNKNOWN]);
  return g.toModel({
    tokens: { value: squeeze(tokens), type: 'int32' },
    logprobs: { value: squeeze(logprobs) },
  });
}

/** Body of the loop: reads each row's newest token, and draws the next one. Constants live in the graph around it. */
function stepGraph(
  outer: Graph,
  decoder: Decoder,
  {
    layers,
    vocabulary,
    uniforms,
    sampling,
    endTokens,
  }: {
    layers: number;
    vocabulary: number;
    uniforms: Value;
    sampling: Sampling;
    endTokens: readonly number[];
  },
): Graph {
  const body = new Graph('step_');
  const iteration = body.input('iteration', 'int64', []);
  body.input('continue_in', 'bool', []);
  const token = body.input('token', 'int32', ['B', 1]);
  const lengths = body.input('seqlens', 'int32', ['B']);
  const done = body.input('done', 'bool', ['B', 1]);
  const pasts = Array.from({ length: layers }, (_, l) => ({
    key: body.input(`past_key_${l}`, 'float32', decoder.cacheDims('S')),
    value: body.input(`past_value_${l}`, 'float32', decoder.cacheDims('S')),
  }));
  const one = outer.int32([1]);
  const longest = body.node('ReduceMax', [lengths], [1], { keepdims: 1 });
  const step = decoder.forward(body, token, pasts, {
    lengths,
    width: body.node('Add', [longest, one], [1]),
  });
  const logits = decoder.logits(body, step.hidden, sampling.temperature > 0 ? 1 / sampling.temperature : 1);
  const logs = body.node('LogSoftmax', [logits], logits.shape, { axis: -1 });
  const uniformRow = body.node('Gather', [uniforms, iteration], [UNKNOWN], { axis: 0 });
  const uniform = body.node('Unsqueeze', [uniformRow, outer.int64([1])], COLUMN);
  const drawn = draw(body, outer, logs, uniform, sampling, vocabulary);
  const next = body.node('Where', [done, outer.int32([endTokens[0] ?? 0]), drawn], COLUMN);
  const logprob = body.node('GatherElements', [logs, next], COLUMN, { axis: -1 });
  let ended = done;
  for (const id of endTokens) {
    ended = body.node('Or', [ended, body.node('Equal', [next, outer.int32([id])], COLUMN)], COLUMN);
  }
  // Bool has no ReduceMin before opset 20.
  const running = body.node('Cast', [body.node('Not', [ended], COLUMN)], COLUMN, { to: 6 });
  const rowsRunning = body.node('ReduceMax', [running], [], { keepdims: 0 });
  body.outputs = [
    { value: body.node('Cast', [rowsRunning], [], { to: 9 }), type: 'bool', dims: [] },
    { value: next, type: 'int32', dims: ['B', 1] },
    { value: body.node('Add', [lengths, one], [UNKNOWN]), type: 'int32', dims: ['B'] },
    { value: body.node('Identity', [ended], COLUMN), type: 'bool', dims: ['B', 1] },
    ...step.caches.flatMap(({ key, value }) => [
      { value: key, type: 'float32' as const, dims: decoder.cacheDims('S2') },
      { value, type: 'float32' as const, dims: decoder.cacheDims('S2') },
    ]),
    { value: body.node('Identity', [next], COLUMN), type: 'int32', dims: ['B', 1] },
    { value: logprob, type: 'float32', dims: ['B', 1] },
  ];
  return body;
}
