import { defineFamily, type Architecture } from '../family.js';
import { MODEL_TYPES, parameterShapes, parseLlamaConfig, repeatedBy } from './config.js';
import { LlamaDecoder } from './decode.js';
import { llamaScores } from './forward.js';
import { initialWeights } from './initialise.js';

/** Llama and what computes as it does: pre-norm, rotary positions, grouped queries, SwiGLU. */
export const llama = defineFamily({
  modelTypes: MODEL_TYPES,
  open(source, file): Architecture {
    const config = parseLlamaConfig(source, file);
    return {
      config,
      parameterShapes: () => parameterShapes(config),
      repeats: (name) => repeatedBy(config, name),
      initialise: (seed) => initialWeights(config, seed),
      scores: (graph, weights, inputs, temperature, withEntropy) =>
        llamaScores(graph, config, weights, inputs, temperature, withEntropy),
      decoder: (graph, weights, positions) => new LlamaDecoder(graph, config, weights, positions),
    };
  },
});
