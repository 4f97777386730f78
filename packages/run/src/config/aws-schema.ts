import { z } from 'zod';

/** `aws:` of `touchstone.yaml`: how a reward function in AWS Lambda answers. */
export const awsSchema = z.strictObject({
  range: z
    .strictObject({
      min: z.number().describe('What a score of 0 becomes'),
      max: z.number().describe('What a score of 1 becomes'),
    })
    .refine(({ min, max }) => min < max, 'expected min to be less than max')
    .default({ min: 0, max: 1 })
    .describe('Where scores of 0 to 1 are put; AWS recommends -1 to 1'),
  envelope: z
    .enum(['list', 'wrapped'])
    .default('list')
    .describe(
      "list: for Nova and Bedrock; wrapped: {statusCode, body}, for SageMaker's serverless training of other models",
    ),
});
