import { random } from '@touchstone/spec';
import type { Parameter } from '../../weights/parameters.js';
import { parameterShapes, type LlamaConfig } from './config.js';

/**
 * Normal weights: deviation 0.05 for embeddings, 0.6/√inputs for projections, and 1/√(inputs·2·layers) for those into
 * the residual stream.
 */
export function initialWeights(config: LlamaConfig, seed: number): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const [name, shape] of parameterShapes(config)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (name.endsWith('norm.weight')) data.fill(1);
    else if (!name.endsWith('.bias')) {
      const residual = /(o_proj|down_proj)/.test(name);
      const deviation = name.includes('embed')
        ? 0.05
        : Math.sqrt(1 / shape[1]!) * (residual ? 1 / Math.sqrt(2 * config.layers) : 0.6);
      const draw = random(seed, 'init', name);
      for (let i = 0; i < data.length; i++) data[i] = draw.normal() * deviation;
    }
    parameters.set(name, { shape, data });
  }
  return parameters;
}
