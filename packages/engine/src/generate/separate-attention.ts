import type { Decoder } from '../families/family.js';
import type { Graph } from '../graph/graph.js';
import {
  attendToCache,
  cacheStates,
  readPrompts,
  toCaches,
  toStates,
  type Attention,
  type LayerCache,
} from './attention.js';
import { Operators } from './operators.js';

/**
 * Each row has a cache of its own, prompt and answer: the quicker way where few rows share a prompt.
 *
 * Inputs: `prompts` int32 [P, L] padded on the right and without each prompt's last token; `prompt_lengths` int32 [P]
 * (without the last token, at least 1); `prompt_of` int32 [B]: which prompt each row answers.
 */
export function separateAttention(g: Graph, decoder: Decoder): Attention {
  return {
    kept: cacheStates(decoder, 'S'),
    carried: cacheStates(decoder, 'S'),
    read() {
      const prompts = g.input('prompts', 'int32', ['P', 'L']);
      const lengths = g.input('prompt_lengths', 'int32', ['P']);
      const promptOf = g.input('prompt_of', 'int32', ['B']);
      const of = new Operators(g, g);
      return toStates(readPrompts(g, decoder, prompts, lengths)).map((cache) => of.gather(cache, promptOf));
    },
    // The operator wants all of a row in one piece.
    begin: (_, kept) => [...kept],
    step({ g: body }, { carried, positions }) {
      const longest = body.node('ReduceMax', [positions], [1], { keepdims: 1 });
      const context = { lengths: positions, width: body.node('Add', [longest, g.int32([1])], [1]) };
      const caches: LayerCache[] = [];
      return {
        attend: attendToCache(body, decoder, toCaches(carried), context, caches),
        next: () => toStates(caches),
      };
    },
    end: (_, __, carried) => [...carried],
  };
}
