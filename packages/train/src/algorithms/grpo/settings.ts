import { z } from 'zod';

/** GRPO's own keys of `training:`. */
export const grpoSettings = {
  clip_low: z.number().gt(0).lt(1).default(0.2).describe('The probability ratio is clipped at 1 - clip_low'),
  clip_high: z
    .number()
    .positive()
    .default(0.28)
    .describe('The probability ratio is clipped at 1 + clip_high'),
  scale_advantages: z
    .boolean()
    .default(false)
    .describe(
      "Divide advantages by the group's standard deviation; false keeps easy and hard tasks comparable",
    ),
  kl_coefficient: z
    .number()
    .min(0)
    .default(0)
    .describe('Weight of the KL penalty to the policy that training starts from; 0 needs no second model'),
};
export type GrpoSettings = z.output<z.ZodObject<typeof grpoSettings>>;
