import { z } from 'zod';

/** What holds with `off_policy_async` where nothing is said. The cap is between those of verl, SkyRL and TRL: 2 to 3. */
export const ASYNCHRONOUS = { age_tolerance: 2, refit_freq: 1, importance_cap: 2 };

/** Keys of `training:` that say when answers are drawn; AWS's names for them. */
export const asynchronousSettings = {
  type: z
    .enum(['synchronous', 'off_policy_async'])
    .default('synchronous')
    .describe(
      'synchronous: a step is drawn, judged and learned from before the next one is drawn. ' +
        'off_policy_async: while answers are judged, those of later steps are drawn, and the weights learn from answers that older ones drew',
    ),
  age_tolerance: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe(
      'For off_policy_async: how many steps of training the weights that drew an answer may be behind those that learn from it; ' +
        `so many steps are drawn ahead. Default: ${ASYNCHRONOUS.age_tolerance}`,
    ),
  refit_freq: z
    .int()
    .min(1)
    .optional()
    .describe(
      `For off_policy_async: steps of training after which new weights draw, at most age_tolerance + 1. Default: ${ASYNCHRONOUS.refit_freq}`,
    ),
  importance_cap: z
    .number()
    .min(1)
    .optional()
    .describe(
      'For off_policy_async: a token counts as many times as it has become likelier since it was drawn, ' +
        `and at most this many times. Default: ${ASYNCHRONOUS.importance_cap}`,
    ),
};
export type AsynchronousSettings = z.output<z.ZodObject<typeof asynchronousSettings>>;
