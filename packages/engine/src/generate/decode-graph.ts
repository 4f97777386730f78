import { Graph, RUNTIME_DOMAIN, type Value } from '../graph/graph.js';
import { parameterShapes, type LlamaConfig } from '../families/llama/config.js';
import { headName } from '../families/llama/forward.js';
import { rotaryTables } from '../families/llama/rope.js';

/** How a token is drawn from the model's distribution. */
export interface Sampling {
  /** 0 is greedy. */
  temperature: number;
  /** Only the k likeliest tokens; 0 is all. */
  topK: number;
  /** Only the likeliest tokens whose probabilities before them sum to less than this; 1 is all. */
  topP: number;
}

const UNKNOWN = -1;

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
  config: LlamaConfig,
  positions: number,
  sampling: Sampling,
  endTokens: readonly number[],
): Uint8Array<ArrayBuffer> {
  const g = new Graph();
  const weights = new Map(
    [...parameterShapes(config)].map(([name, shape]) => [name, g.input(name, 'float32', shape)]),
  );
  const { cos, sin } = rotaryTables(config, positions);
  const half = config.headSize / 2;
  const cosTable = g.float32(cos, [positions, half]);
  const sinTable = g.float32(sin, [positions, half]);

  const prompts = g.input('prompts', 'int32', ['P', 'L']);
  const promptLast = g.input('prompt_last', 'int32', ['P', 1]);
  const promptLengths = g.input('prompt_lengths', 'int32', ['P']);
  const rows = g.input('rows', 'int32', ['B']);
  const uniforms = g.input('uniforms', 'float32', ['T', 'B']);
  const limit = g.input('limit', 'int64', []);

  const one = g.int32([1]);
  const lastIndex = g.node('Sub', [promptLengths, one], [UNKNOWN]);
  const totalOf = (lengths: Value, graph: Graph): Value =>
    graph.node('Add', [graph.node('ReduceMax', [lengths], [1], { keepdims: 1 }), one], [1]);
  // The prompt's own width, and not its longest row: the first call wants the two to be equal.
  const width = g.node('Cast', [g.node('Shape', [prompts], [1], { start: 1, end: 2 })], [1], { to: 6 });
  const prefill = transformer(g, config, weights, prompts, (layer, q, k, v) =>
    attend(g, config, {
      q,
      k,
      v,
      pastKey: null,
      pastValue: null,
      seqlens: lastIndex,
      total: width,
      cosTable,
      sinTable,
    }),
  );
  const gatherRows = (value: Value): Value => g.node('Gather', [value, rows], value.shape);

  const body = new Graph('step_');
  const iteration = body.input('iteration', 'int64', []);
  body.input('continue_in', 'bool', []);
  const token = body.input('token', 'int32', ['B', 1]);
  const seqlens = body.input('seqlens', 'int32', ['B']);
  const done = body.input('done', 'bool', ['B', 1]);
  const pasts = prefill.caches.map((_, l) => ({
    key: body.input(`past_key_${l}`, 'float32', ['B', config.keyValueHeads, 'S', config.headSize]),
    value: body.input(`past_value_${l}`, 'float32', ['B', config.keyValueHeads, 'S', config.headSize]),
  }));
  const total = totalOf(seqlens, body);
  const step = transformer(body, config, weights, token, (layer, q, k, v) =>
    attend(body, config, {
      q,
      k,
      v,
      pastKey: pasts[layer]!.key,
      pastValue: pasts[layer]!.value,
      seqlens,
      total,
      cosTable,
      sinTable,
    }),
  );
  const normed = rmsNorm(body, step.hidden, weights.get('model.norm.weight')!, config);
  const flat = body.node('Reshape', [normed, g.int64([-1, config.hidden])], [UNKNOWN, config.hidden]);
  const scale = { float: sampling.temperature > 0 ? 1 / sampling.temperature : 1 };
  const logits = body.node(
    'FusedMatMul',
    [flat, weights.get(headName(config))!],
    [UNKNOWN, config.vocabulary],
    { transB: 1, alpha: scale },
    RUNTIME_DOMAIN,
  );
  const logs = body.node('LogSoftmax', [logits], logits.shape, { axis: -1 });
  const uniform = body.node(
    'Unsqueeze',
    [body.node('Gather', [uniforms, iteration], [UNKNOWN], { axis: 0 }), g.int64([1])],
    [UNKNOWN, 1],
  );
  const drawn = draw(body, g, logs, uniform, sampling, config.vocabulary);
  const end = g.int32([endTokens[0] ?? 0]);
  const next = body.node('Where', [done, end, drawn], [UNKNOWN, 1]);
  const logprob = body.node('GatherElements', [logs, next], [UNKNOWN, 1], { axis: -1 });
  let ended = done;
  for (const id of endTokens) {
    ended = body.node('Or', [ended, body.node('Equal', [next, g.int32([id])], [UNKNOWN, 1])], [UNKNOWN, 1]);
  }
  // Bool has no ReduceMin before opset 20.
  const running = body.node('Cast', [body.node('Not', [ended], [UNKNOWN, 1])], [UNKNOWN, 1], { to: 6 });
  const anyRunning = body.node('Cast', [body.node('ReduceMax', [running], [], { keepdims: 0 })], [], {
    to: 9,
  });
  const longer = body.node('Add', [seqlens, one], [UNKNOWN]);
  body.outputs = [
    { value: anyRunning, type: 'bool', dims: [] },
    { value: next, type: 'int32', dims: ['B', 1] },
    { value: longer, type: 'int32', dims: ['B'] },
    { value: body.node('Identity', [ended], [UNKNOWN, 1]), type: 'bool', dims: ['B', 1] },
    ...step.caches.flatMap(({ key, value }) => [
      { value: key, type: 'float32' as const, dims: ['B', config.keyValueHeads, 'S2', config.headSize] },
      { value, type: 'float32' as const, dims: ['B', config.keyValueHeads, 'S2', config.headSize] },
    ]),
    { value: body.node('Identity', [next], [UNKNOWN, 1]), type: 'int32', dims: ['B', 1] },
    { value: logprob, type: 'float32', dims: ['B', 1] },
  ];

  const rowLengths = gatherRows(promptLengths);
  const notDone = g.node(
    'Cast',
    [g.node('Mul', [g.node('Unsqueeze', [rows, g.int64([1])], [UNKNOWN, 1]), g.int32([0])], [UNKNOWN, 1])],
    [UNKNOWN, 1],
    { to: 9 },
  );
  const always = g.node('Equal', [one, one], [1]);
  const states = [
    gatherRows(promptLast),
    rowLengths,
    notDone,
    ...prefill.caches.flatMap(({ key, value }) => [gatherRows(key), gatherRows(value)]),
  ];
  const outputs = g.nodesOf(
    'Loop',
    [limit, g.node('Reshape', [always, g.int64([])], []), ...states],
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

/** Inverse-CDF sampling: one uniform a row gives a repeatable draw that no other row of the batch can change. */
function draw(
  g: Graph,
  outer: Graph,
  logs: Value,
  uniform: Value,
  { temperature, topK, topP }: Sampling,
  vocabulary: number,
): Value {
  const column = [UNKNOWN, 1];
  const argmax = (v: Value): Value =>
    g.node('Cast', [g.node('ArgMax', [v], column, { axis: -1, keepdims: 1 })], column, { to: 6 });
  if (temperature === 0) return argmax(logs);
  /** First index whose cumulated probability exceeds uniform · total. */
  const invert = (probabilities: Value): Value => {
    const sums = g.node('CumSum', [probabilities, outer.int64([-1])], probabilities.shape);
    const total = g.node('ReduceMax', [sums, outer.int64([-1])], column, { keepdims: 1 });
    const above = g.node('Greater', [sums, g.node('Mul', [uniform, total], column)], sums.shape);
    return argmax(g.node('Cast', [above], sums.shape, { to: 1 }));
  };
  const probabilities = g.node('Exp', [logs], logs.shape);
  if (topK === 0 && topP === 1) return invert(probabilities);
  const k = topK === 0 ? vocabulary : Math.min(topK, vocabulary);
  const [best, indices] = g.nodesOf(
    'TopK',
    [probabilities, outer.int64([k])],
    [
      [UNKNOWN, k],
      [UNKNOWN, k],
    ],
    { axis: -1 },
  ) as [Value, Value];
  const mass = g.node('ReduceSum', [best, outer.int64([-1])], column, { keepdims: 1 });
  const before = g.node('CumSum', [best, outer.int64([-1])], best.shape, { exclusive: 1 });
  const kept = g.node('Less', [before, g.node('Mul', [mass, outer.scalar(topP)], column)], best.shape);
  const place = invert(g.node('Where', [kept, best, outer.scalar(0)], best.shape));
  return g.node('Cast', [g.node('GatherElements', [indices, place], column, { axis: -1 })], column, {
    to: 6,
  });
}

type Attend = (layer: number, q: Value, k: Value, v: Value) => { output: Value; key: Value; value: Value };

/** All layers on [rows, tokens] ids, before the last norm; collects each layer's keys and values. */
function transformer(
  g: Graph,
  config: LlamaConfig,
  weights: Map<string, Value>,
  tokens: Value,
  attention: Attend,
): { hidden: Value; caches: { key: Value; value: Value }[] } {
  const width = (n: number): number[] => [UNKNOWN, UNKNOWN, n];
  const linear = (x: Value, name: string): Value => {
    const weight = weights.get(`${name}.weight`)!;
    const product = g.node(
      'FusedMatMul',
      [x, weight],
      width(weight.shape[0]!),
      { transB: 1 },
      RUNTIME_DOMAIN,
    );
    const bias = weights.get(`${name}.bias`);
    return bias ? g.node('Add', [product, bias], product.shape) : product;
  };
  let x = g.node('Gather', [weights.get('model.embed_tokens.weight')!, tokens], width(config.hidden));
  const caches: { key: Value; value: Value }[] = [];
  for (let l = 0; l < config.layers; l++) {
    const layer = `model.layers.${l}`;
    const norm = (v: Value, name: string): Value =>
      rmsNorm(g, v, weights.get(`${layer}.${name}.weight`)!, config);
    const h = norm(x, 'input_layernorm');
    const self = `${layer}.self_attn`;
    const { output, key, value } = attention(
      l,
      linear(h, `${self}.q_proj`),
      linear(h, `${self}.k_proj`),
      linear(h, `${self}.v_proj`),
    );
    caches.push({ key, value });
    x = g.node('Add', [x, linear(output, `${self}.o_proj`)], x.shape);
    const h2 = norm(x, 'post_attention_layernorm');
    const gate = linear(h2, `${layer}.mlp.gate_proj`);
    const silu = g.node('Mul', [gate, g.node('Sigmoid', [gate], gate.shape)], gate.shape);
    const product = g.node('Mul', [silu, linear(h2, `${layer}.mlp.up_proj`)], gate.shape);
    x = g.node('Add', [x, linear(product, `${layer}.mlp.down_proj`)], x.shape);
  }
  return { hidden: x, caches };
}

function attend(
  g: Graph,
  config: LlamaConfig,
  a: {
    q: Value;
    k: Value;
    v: Value;
    pastKey: Value | null;
    pastValue: Value | null;
    seqlens: Value;
    total: Value;
    cosTable: Value;
    sinTable: Value;
  },
): { output: Value; key: Value; value: Value } {
  const cache = [UNKNOWN, config.keyValueHeads, UNKNOWN, config.headSize];
  const [output, key, value] = g.nodesOf(
    'GroupQueryAttention',
    [a.q, a.k, a.v, a.pastKey, a.pastValue, a.seqlens, a.total, a.cosTable, a.sinTable],
    [[UNKNOWN, UNKNOWN, config.heads * config.headSize], cache, cache],
    { num_heads: config.heads, kv_num_heads: config.keyValueHeads, do_rotary: 1 },
    RUNTIME_DOMAIN,
  ) as [Value, Value, Value];
  return { output, key, value };
}

function rmsNorm(g: Graph, x: Value, weight: Value, config: LlamaConfig): Value {
  return g.node('SimplifiedLayerNormalization', [x, weight], x.shape, {
    axis: -1,
    epsilon: { float: config.normEpsilon },
  });
}
