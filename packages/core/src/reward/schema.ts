import { z } from 'zod';
import { checkSchema } from './checks/index.js';

/** `reward:` of `touchstone.yaml`. Weights are relative; they are normalised to shares. */
export const rewardSchema = z.strictObject({
  judge_weight: z
    .number()
    .positive()
    .default(1)
    .meta({ description: 'Share of the judge, relative to the checks' }),
  checks: z
    .array(checkSchema)
    .default([])
    .superRefine((checks, context) => {
      const names = checks.map((check) => check.name ?? check.type);
      names.forEach((name, i) => {
        if (names.indexOf(name) !== i) {
          context.addIssue({
            code: 'custom',
            path: [i],
            message: `two checks are called "${name}"; give one a name`,
          });
        }
      });
    })
    .meta({ description: 'Rules that run before the judge' }),
  abstention: z
    .strictObject({
      /** `mask` leaves the rollout out of its group. */
      policy: z
        .enum(['mask', 'group-mean', 'neutral', 'fail'])
        .default('mask')
        .meta({ description: 'What a rollout without a verdict counts as; mask leaves it out' }),
      limit: z
        .number()
        .min(0)
        .max(1)
        .default(0.05)
        .meta({ description: 'Stop when more than this share of a step has no verdict' }),
    })
    .default({ policy: 'mask', limit: 0.05 }),
});
export type RewardConfig = z.output<typeof rewardSchema>;
