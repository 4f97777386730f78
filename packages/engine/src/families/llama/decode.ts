import { RUNTIME_DOMAIN, type Graph, type Value } from '../../graph/graph.js';
import type { Decoder, LayerCache, WeightValues } from '../family.js';
import { linear } from '../linear.js';
import { headName, type LlamaConfig } from './config.js';
import { rotaryTables } from './rope.js';

/** A dimension that only the run knows. */
const UNKNOWN = -1;

/** The forward pass with ONNX Runtime's grouped-query attention, which rotates and keeps keys and values itself. */
export class LlamaDecoder implements Decoder {
  private readonly cos: Value;
  private readonly sin: Value;

  constructor(
    private readonly outer: Graph,
    private readonly config: LlamaConfig,
    private readonly weights: WeightValues,
    positions: number,
  ) {
    const { cos, sin } = rotaryTables(config, positions);
    const half = config.headSize / 2;
    this.cos = outer.float32(cos, [positions, half]);
    this.sin = outer.float32(sin, [positions, half]);
  }

  cacheDims(length: string): (number | string)[] {
    return ['B', this.config.keyValueHeads, length, this.config.headSize];
  }

  forward(
    g: Graph,
    tokens: Value,
    pasts: readonly LayerCache[] | null,
    context: { lengths: Value; width: Value },
  ): { hidden: Value; caches: LayerCache[] } {
    const { config, weights } = this;
    const project = (x: Value, name: string): Value => linear(operatorsOf(g), weights, x, name);
    const embeddings = weights.get('model.embed_tokens.weight')!;
    let x = g.node('Gather', [embeddings, tokens], [UNKNOWN, UNKNOWN, config.hidden]);
    const caches: LayerCache[] = [];
    for (let l = 0; l < config.layers; l++) {
      const layer = `model.layers.${l}`;
      const self = `${layer}.self_attn`;
      const h = this.norm(g, x, `${layer}.input_layernorm.weight`);
      const q = project(h, `${self}.q_proj`);
      const k = project(h, `${self}.k_proj`);
      const v = project(h, `${self}.v_proj`);
      const { output, cache } = this.attend(g, [q, k, v], pasts?.[l] ?? null, context);
      caches.push(cache);
      x = g.node('Add', [x, project(output, `${self}.o_proj`)], x.shape);
      const h2 = this.norm(g, x, `${layer}.post_attention_layernorm.weight`);
      const gate = project(h2, `${layer}.mlp.gate_proj`);
      const silu = g.node('Mul', [gate, g.node('Sigmoid', [gate], gate.shape)], gate.shape);
      const product = g.node('Mul', [silu, project(h2, `${layer}.mlp.up_proj`)], gate.shape);
      x = g.node('Add', [x, project(product, `${layer}.mlp.down_proj`)], x.shape);
    }
    return { hidden: x, caches };
  }

  logits(g: Graph, hidden: Value, scale: number): Value {
    const { config, weights, outer } = this;
    const normed = this.norm(g, hidden, 'model.norm.weight');
    const flat = g.node('Reshape', [normed, outer.int64([-1, config.hidden])], [UNKNOWN, config.hidden]);
    const head = weights.get(headName(config))!;
    const attributes = { transB: 1, alpha: { float: scale } };
    return g.node('FusedMatMul', [flat, head], [UNKNOWN, config.vocabulary], attributes, RUNTIME_DOMAIN);
  }

  private norm(g: Graph, x: Value, weight: string): Value {
    return g.node('SimplifiedLayerNormalization', [x, this.weights.get(weight)!], x.shape, {
      axis: -1,
      epsilon: { float: this.config.normEpsilon },
    });
  }

  private attend(
    g: Graph,
    queryKeyValue: readonly Value[],
    past: LayerCache | null,
    { lengths, width }: { lengths: Value; width: Value },
  ): { output: Value; cache: LayerCache } {
    const { heads, keyValueHeads, headSize } = this.config;
    const cache = [UNKNOWN, keyValueHeads, UNKNOWN, headSize];
    const [output, key, value] = g.nodesOf(
      'GroupQueryAttention',
      [...queryKeyValue, past?.key ?? null, past?.value ?? null, lengths, width, this.cos, this.sin],
      [[UNKNOWN, UNKNOWN, heads * headSize], cache, cache],
      { num_heads: heads, kv_num_heads: keyValueHeads, do_rotary: 1 },
      RUNTIME_DOMAIN,
    ) as [Value, Value, Value];
    return { output, cache: { key, value } };
  }
}

const operatorsOf = (g: Graph) => ({
  matmulTransposed: (a: Value, b: Value): Value =>
    g.node('FusedMatMul', [a, b], [...a.shape.slice(0, -1), b.shape[0]!], { transB: 1 }, RUNTIME_DOMAIN),
  add: (a: Value, b: Value): Value => g.node('Add', [a, b], a.shape),
});
