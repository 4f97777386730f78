import { NO_USAGE, type Verdict } from '@touchstone/spec';
import { z } from 'zod';
import { defineJudge } from '../define.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, Judgement } from '../judge.js';

const keywordsSchema = z.strictObject({
  kind: z.literal('keywords').meta({ description: 'The share of words that the answer uses' }),
  words: z.array(z.string().min(1)).min(1),
});

export const keywords = defineJudge({
  kind: 'keywords',
  schema: keywordsSchema,
  criteria: () => [],
  open: (config) => Promise.resolve(keywordsJudge(config)),
});

/** A judge that asks nobody: the share of its words that stand in the answer. */
function keywordsJudge(config: z.output<typeof keywordsSchema>): Judge {
  const fingerprint = fingerprintOf(config, {});
  return {
    id: 'keywords',
    fingerprint,
    criteria: [],
    judge: (rollouts_G) =>
      Promise.resolve(
        rollouts_G.map(({ response }): Judgement => {
          const found = config.words.filter((word) => response.includes(word));
          const score = found.length / config.words.length;
          const verdict: Verdict = {
            judge: fingerprint,
            key: `${fingerprint}-${response}`,
            raw: found.join(' '),
            status: 'scored',
            score,
            criteria: [],
            mismatch: false,
          };
          return { answer: { status: 'scored', score }, verdicts: [verdict], usage: NO_USAGE };
        }),
      ),
  };
}
