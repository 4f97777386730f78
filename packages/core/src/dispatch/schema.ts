import { z } from 'zod';
import { modelFields } from '../providers/schema.js';

const perMinute = z.number().positive();

/** What a provider lets through, for a model and for each that stands in for it. */
const limitFields = {
  requests_per_minute: perMinute.optional().meta({
    description:
      "The provider's limit; calls are spread evenly under it, those of all processes on one cache.redis_env",
  }),
  tokens_per_minute: perMinute.optional().meta({
    description: "The provider's limit; a call counts with its input and max_tokens when it starts",
  }),
  concurrency: z
    .int()
    .positive()
    .default(8)
    .meta({ description: 'Calls in flight at most, of one process; fewer when the provider refuses some' }),
};

/** How the calls to a model are made, for the configuration of whatever makes some. */
export const callsSchema = z.strictObject({
  ...limitFields,
  timeout_seconds: z
    .number()
    .positive()
    .max(3600)
    .default(120)
    .meta({ description: 'One attempt of a judge call' }),
  attempts: z
    .int()
    .positive()
    .default(5)
    .meta({ description: 'Attempts of a judge call; waiting for a provider that is down is none' }),
  outage_seconds: z
    .number()
    .nonnegative()
    .default(300)
    .meta({ description: 'How long calls wait for a provider that is down before they abstain' }),
  hedge: z
    .strictObject({
      quantile: z
        .number()
        .min(0.5)
        .max(0.999)
        .default(0.99)
        .meta({ description: 'A call slower than this share of recent ones is asked a second time' }),
      after_seconds: z
        .number()
        .positive()
        .optional()
        .meta({ description: 'A fixed time in place of the quantile' }),
      share: z
        .number()
        .min(0)
        .max(0.2)
        .default(0.03)
        .meta({ description: 'Second calls at most, as a share of all; 0 makes none' }),
    })
    .prefault({})
    .meta({
      description: 'A second call for stragglers; the first reply counts, the other call is cancelled',
    }),
  fallbacks: z
    .array(z.strictObject({ ...modelFields, ...limitFields }))
    .default([])
    .meta({ description: 'Models to ask when this one is down or refuses, in order' }),
  budget: z
    .strictObject({
      money: z.number().positive().optional().meta({ description: 'US dollars; needs price' }),
      tokens: z.int().positive().optional().meta({ description: 'Input and output tokens' }),
    })
    .optional()
    .meta({ description: 'What all calls of one run of the program may cost; then the judge abstains' }),
  cache: z
    .strictObject({
      sqlite: z
        .string()
        .min(1)
        .optional()
        .meta({ description: 'A file that several processes of this machine may share' }),
      redis_env: z
        .string()
        .regex(/^[A-Z_][A-Z0-9_]*$/, 'expected the NAME of an environment variable (capitals, digits, _)')
        .optional()
        .meta({
          description:
            'Name of the environment variable with the address of a Redis or Valkey; its processes keep the rates together',
        }),
    })
    .refine(
      ({ sqlite, redis_env }) => (sqlite === undefined) !== (redis_env === undefined),
      'expected either sqlite or redis_env',
    )
    .optional()
    .meta({ description: 'Where replies are kept for other runs' }),
});
export type CallsConfig = z.output<typeof callsSchema>;
