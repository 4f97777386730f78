import { SharedPromptAttention } from '../../graph/attention.js';
import type { DifferentiableGraph } from '../../graph/autodiff.js';
import type { Value } from '../../graph/graph.js';
import { scoreTokens, type TokenScores } from '../../graph/log-probability.js';
import type { Architecture } from '../family.js';
import { linear, type WeightValues } from '../linear.js';
import { headName, type LlamaConfig } from './config.js';
import { rotaryTables } from './rope.js';

type Inputs = Parameters<Architecture['scores']>[2];

/** The transformer up to and including the last norm. @returns hidden states [tokens, hidden] */
function llamaHidden(
  graph: DifferentiableGraph,
  config: LlamaConfig,
  weights: WeightValues,
  { tokens, positions, layout }: Inputs,
): Value {
  const weight = (name: string): Value => weights.get(name)!;
  const project = (x: Value, name: string): Value => linear(graph, weights, x, name);

  const angles = [config.maxPositions, config.headSize / 2];
  const tables = rotaryTables(config, config.maxPositions);
  const cos = graph.float32(tables.cos, angles);
  const sin = graph.float32(tables.sin, angles);
  const negatedSin = graph.node('Neg', [sin], angles);
  const rotary = (x: Value): Value => graph.rotary(x, cos, sin, negatedSin, positions);

  const shared = new SharedPromptAttention(graph, layout, config);
  const attention = (x: Value, layer: string): Value => {
    const q = rotary(project(x, `${layer}.q_proj`));
    const k = rotary(project(x, `${layer}.k_proj`));
    return project(shared.attend(q, k, project(x, `${layer}.v_proj`)), `${layer}.o_proj`);
  };
  const feedForward = (x: Value, layer: string): Value => {
    const product = graph.swiglu(project(x, `${layer}.gate_proj`), project(x, `${layer}.up_proj`));
    return project(product, `${layer}.down_proj`);
  };

  let x = graph.gatherRows(weight('model.embed_tokens.weight'), tokens);
  for (let l = 0; l < config.layers; l++) {
    const layer = `model.layers.${l}`;
    const norm = (v: Value, name: string): Value =>
      graph.rmsNorm(v, weight(`${layer}.${name}.weight`), config.normEpsilon);
    x = graph.segment(x, (start) => {
      const attended = graph.add(start, attention(norm(start, 'input_layernorm'), `${layer}.self_attn`));
      return graph.add(attended, feedForward(norm(attended, 'post_attention_layernorm'), `${layer}.mlp`));
    });
  }
  return graph.rmsNorm(x, weight('model.norm.weight'), config.normEpsilon);
}

/** See `Architecture.scores`. */
export function llamaScores(
  graph: DifferentiableGraph,
  config: LlamaConfig,
  weights: WeightValues,
  inputs: Inputs,
  temperature: number,
  withEntropy: boolean,
): TokenScores {
  const chosen = graph.gatherRows(llamaHidden(graph, config, weights, inputs), inputs.scored);
  const head = weights.get(headName(config))!;
  return scoreTokens(graph, chosen, head, inputs.targets, 1 / temperature, withEntropy);
}
