import { z } from 'zod';
import type { Evaluate } from './check.js';
import { checkFields } from './common.js';
import { defineCheck } from './define.js';

export const shouting = defineCheck({
  type: 'shouting',
  schema: z.strictObject({ type: z.literal('shouting'), ...checkFields }),
  create: shoutingCheck,
});

/** 0 for an answer whose letters are mostly capitals, else 1. */
function shoutingCheck(): Evaluate {
  return ({ response }) => {
    const letters = response.match(/\p{L}/gu) ?? [];
    const capitals = response.match(/\p{Lu}/gu) ?? [];
    return 2 * capitals.length > letters.length
      ? { score: 0, detail: `${capitals.length} of ${letters.length} letters are capitals` }
      : { score: 1 };
  };
}
