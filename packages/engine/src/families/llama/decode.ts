import type { Graph, Value } from '../../graph/graph.js';
import type { Attend, AttentionShape, Decoder } from '../family.js';
import type { WeightValues } from '../linear.js';
import type { TokenProducts } from '../token-products.js';
import { headName, type LlamaConfig } from './config.js';
import { rotaryTables } from './rope.js';

/** A dimension that only the run knows. */
const UNKNOWN = -1;

/** The forward pass of decoding: static in all but the numbers of rows and tokens. */
export class LlamaDecoder implements Decoder {
  readonly attention: AttentionShape;

  constructor(
    outer: Graph,
    private readonly config: LlamaConfig,
    private readonly weights: WeightValues,
    positions: number,
  ) {
    const { layers, heads, keyValueHeads, headSize } = config;
    const { cos, sin } = rotaryTables(config, positions);
    const table = [positions, headSize / 2];
    this.attention = {
      layers,
      heads,
      keyValueHeads,
      headSize,
      cos: outer.float32(cos, table),
      sin: outer.float32(sin, table),
    };
  }

  forward(g: Graph, tokens: Value, attend: Attend, { enter, leave, project }: TokenProducts): Value {
    const { config, weights } = this;
    const embeddings = weights.get('model.embed_tokens.weight')!;
    let x = g.node('Gather', [embeddings, tokens], [UNKNOWN, UNKNOWN, config.hidden]);
    for (let l = 0; l < config.layers; l++) {
      const layer = `model.layers.${l}`;
      const self = `${layer}.self_attn`;
      const h = this.norm(g, x, `${layer}.input_layernorm.weight`);
      const attended = attend(l, {
        query: project(h, `${self}.q_proj`),
        key: project(h, `${self}.k_proj`),
        value: project(h, `${self}.v_proj`),
      });
      x = g.node('Add', [x, project(attended, `${self}.o_proj`)], x.shape);
      const h2 = this.norm(g, x, `${layer}.post_attention_layernorm.weight`);
      const gate = enter(h2, `${layer}.mlp.gate_proj`);
      const silu = g.node('Mul', [gate, g.node('Sigmoid', [gate], gate.shape)], gate.shape);
      const product = g.node('Mul', [silu, enter(h2, `${layer}.mlp.up_proj`)], gate.shape);
      x = g.node('Add', [x, leave(product, `${layer}.mlp.down_proj`)], x.shape);
    }
    return x;
  }

  logits(g: Graph, hidden: Value, scale: number, { logits }: TokenProducts): Value {
    return logits(this.norm(g, hidden, 'model.norm.weight'), headName(this.config), scale);
  }

  private norm(g: Graph, x: Value, weight: string): Value {
    return g.node('SimplifiedLayerNormalization', [x, this.weights.get(weight)!], x.shape, {
      axis: -1,
      epsilon: { float: this.config.normEpsilon },
    });
  }
}
