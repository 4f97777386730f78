import { z } from 'zod';

/** Held constant where nothing else is said, as far as the answers have them. */
export const USUAL_FIELDS = ['topic', 'segment'] as const;
/** Of the answers that pass the judge's cut-off. */
const TARGET = 0.8;

const metricSchema = z.strictObject({
  criteria: z
    .union([
      z
        .string()
        .min(1)
        .transform((one) => [one]),
      z.array(z.string().min(1)).min(1),
    ])
    .optional()
    .describe(
      'The criteria of the judge that should go with it, one or a list; score is the score of the whole. Default: all of them and score',
    ),
  direction: z.enum(['higher', 'lower']).describe('Which way is better: of a Boolean metric higher is true'),
  threshold: z
    .number()
    .optional()
    .describe('From here on, in its direction, a case is a success; a Boolean metric has none'),
  target: z
    .number()
    .gt(0)
    .lt(1)
    .default(TARGET)
    .describe(
      "Share of the answers that pass which must be successes, for the judge's cut-off; of metrics with a threshold, and Boolean ones",
    ),
  given: z
    .array(z.string().min(1))
    .optional()
    .describe(
      `Fields of the answers' metadata to hold constant beside the length of the answer. Default: ${USUAL_FIELDS.join(' and ')}, where answers have them`,
    ),
  reliability: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe(
      'How much of one reading of it is not noise, where that is known (two readings of one case correlate so far)',
    ),
  owner: z.string().min(1).optional().describe('Who answers for it, as it is to be shown'),
  lag: z.string().min(1).optional().describe('How long after the answer it is known, as it is to be shown'),
});

/** `metrics:` of the configuration: what the product is measured by, and which criteria should go with it. */
export const metricsSchema = z.record(
  z
    .string()
    .regex(/^[A-Za-z][\w.-]*$/, 'expected a name of letters, digits, _, . and -, starting with a letter'),
  metricSchema,
);
export type MetricsConfig = z.output<typeof metricsSchema>;
export type MetricConfig = MetricsConfig[string];
