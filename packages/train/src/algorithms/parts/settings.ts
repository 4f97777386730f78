import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { JudgeNoise } from '../algorithm.js';
import { DEVIATIONS } from './advantages.js';
import { KL_ESTIMATORS } from './kl.js';

/** Keys of `training:` that several algorithms have, each with its own defaults. */

export const clipping = (low: number, high: number) => ({
  clip_low: z.number().gt(0).lt(1).default(low).describe('The probability ratio is clipped at 1 - clip_low'),
  clip_high: z
    .number()
    .positive()
    .default(high)
    .describe('The probability ratio is clipped at 1 + clip_high'),
});

/** What is in the loss beside the advantages. */
export const terms = {
  kl_coefficient: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the KL penalty to the policy that training starts from; 0 needs no second model'),
  kl_estimator: z
    .enum(KL_ESTIMATORS)
    .default('k3')
    .describe(
      'How KL is estimated from a token, x = log reference - log policy: k3 is exp(x) - x - 1, k2 is x²/2, k1 is -x, ' +
        'whose gradient in a loss is nothing but noise on average',
    ),
  entropy_coefficient: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the entropy bonus, which keeps answers diverse; 0 does not compute the entropy'),
};
export type Terms = z.output<z.ZodObject<typeof terms>>;

/** A number, or `judge`: what its examination has found. */
export const orJudge = (number: z.ZodNumber) => z.union([number, z.literal('judge')]);

export const scaling = (deviation: (typeof DEVIATIONS)[number]) => ({
  deviation: z
    .enum(DEVIATIONS)
    .default(deviation)
    .describe(
      "What advantages are divided by: the standard deviation of the group's rewards, of all rewards of the step, or none, " +
        'which keeps easy and hard tasks comparable',
    ),
  deviation_floor: orJudge(z.number().min(0))
    .default(0)
    .describe(
      "The deviation counts as this much at least, so that a judge's noise is not blown up; judge: its standard error of measurement (score_error)",
    ),
});

const rate = z.number().min(0).lt(0.5).default(0);
export const errorRates = {
  false_positive_rate: rate.describe(
    'Share of bad answers that the judge passes, where rewards are 0 or 1: they are corrected by it',
  ),
  false_negative_rate: rate.describe(
    'Share of good answers that the judge fails, where rewards are 0 or 1: they are corrected by it',
  ),
};

/** @throws {InputError} it is `judge`, and nothing was found. @param measured what of the noise is meant */
export function resolved(
  setting: string,
  value: number | 'judge',
  noise: JudgeNoise | null,
  measured: (noise: JudgeNoise) => number,
): number {
  if (value !== 'judge') return value;
  if (noise) return measured(noise);
  throw new InputError([
    {
      message:
        `training.${setting} is judge, and the judge's examination has measured no noise of the reward: expected data.labelled, ` +
        'validation.repeats of 2 or more and a reward without a formula; or a number',
    },
  ]);
}
