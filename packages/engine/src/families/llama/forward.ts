import type { DifferentiableGraph } from '../../graph/autodiff.js';
import type { Value } from '../../graph/graph.js';
import type { Architecture, WeightValues } from '../family.js';
import { linear } from '../linear.js';
import { headName, type LlamaConfig } from './config.js';
import { rotaryTables } from './rope.js';

/**
 * The transformer up to and including the last norm.
 * @param tokens int32 [batch · length], rows padded on the right (causal attention never looks there)
 * @returns hidden states [batch · length, hidden]
 */
function llamaHidden(
  graph: DifferentiableGraph,
  config: LlamaConfig,
  weights: WeightValues,
  tokens: Value,
  batch: number,
  length: number,
): Value {
  const { heads, keyValueHeads, headSize } = config;
  const rows = batch * length;
  const weight = (name: string): Value => weights.get(name)!;
  const project = (x: Value, name: string): Value => linear(graph, weights, x, name);

  const half = headSize / 2;
  const tables = rotaryTables(config, length);
  const cos = graph.float32(tables.cos, [length, half]);
  const sin = graph.float32(tables.sin, [length, half]);
  const negatedSin = graph.float32(
    tables.sin.map((s) => -s),
    [length, half],
  );
  const start = graph.int64([0]);
  const rotary = (x: Value, n: number): Value =>
    graph.rotary(graph.reshape(x, [batch, length, n * headSize]), cos, sin, negatedSin, start);
  const byHead = (x: Value, n: number): Value =>
    graph.transpose(graph.reshape(x, [batch, length, n, headSize]), [0, 2, 1, 3]);

  const causal = new Float32Array(length * length);
  for (let i = 0; i < length; i++) causal.fill(-1e9, i * length + i + 1, (i + 1) * length);
  const mask = graph.float32(causal, [1, 1, length, length]);

  const attention = (x: Value, layer: string): Value => {
    const q = byHead(rotary(project(x, `${layer}.q_proj`), heads), heads);
    const k = byHead(rotary(project(x, `${layer}.k_proj`), keyValueHeads), keyValueHeads);
    const v = byHead(project(x, `${layer}.v_proj`), keyValueHeads);
    const group = heads / keyValueHeads;
    const scores = graph.matmulTransposed(q, graph.repeatAxis1(k, group), headSize ** -0.5);
    const attended = graph.matmul(graph.softmax(graph.add(scores, mask)), graph.repeatAxis1(v, group));
    const joined = graph.reshape(graph.transpose(attended, [0, 2, 1, 3]), [rows, heads * headSize]);
    return project(joined, `${layer}.o_proj`);
  };
  const feedForward = (x: Value, layer: string): Value => {
    const gate = graph.silu(project(x, `${layer}.gate_proj`));
    return project(graph.multiply(gate, project(x, `${layer}.up_proj`)), `${layer}.down_proj`);
  };

  let x = graph.gatherRows(weight('model.embed_tokens.weight'), tokens);
  for (let l = 0; l < config.layers; l++) {
    const layer = `model.layers.${l}`;
    const norm = (v: Value, name: string): Value =>
      graph.rmsNorm(v, weight(`${layer}.${name}.weight`), config.normEpsilon);
    x = graph.add(x, attention(norm(x, 'input_layernorm'), `${layer}.self_attn`));
    x = graph.add(x, feedForward(norm(x, 'post_attention_layernorm'), `${layer}.mlp`));
  }
  return graph.rmsNorm(x, weight('model.norm.weight'), config.normEpsilon);
}

/** See `Architecture.logProbabilities`. */
export function llamaLogProbabilities(
  graph: DifferentiableGraph,
  config: LlamaConfig,
  weights: WeightValues,
  inputs: Parameters<Architecture['logProbabilities']>[2],
  temperature: number,
): Value {
  const hidden = llamaHidden(graph, config, weights, inputs.tokens, inputs.batch, inputs.length);
  const chosen = graph.gatherRows(hidden, inputs.positions);
  const logits = graph.matmulTransposed(chosen, weights.get(headName(config))!, 1 / temperature);
  return graph.logProbability(logits, inputs.targets);
}
