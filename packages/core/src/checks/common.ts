import { z } from 'zod';

/** What every check's configuration has. */
export const checkFields = {
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'expected a name of letters, digits, _ and -, starting with a letter')
    .optional()
    .meta({ description: 'Used in reports; default: the type' }),
  weight: z.number().nonnegative().default(0).meta({ description: 'Share in the reward; 0: reported only' }),
  gate: z
    .boolean()
    .default(false)
    .meta({ description: 'Anything but a full score ends judging with reward 0' }),
  penalty: z
    .strictObject({
      max: z
        .number()
        .positive()
        .max(1)
        .meta({ description: 'What a score of 0 takes off the reward; a score of 1 takes nothing' }),
    })
    .optional()
    .meta({ description: 'Lowers the reward after the weighted mean, in place of a weight' }),
};

/** The same, as a check is made of it. */
export interface CheckFields {
  name?: string | undefined;
  weight: number;
  gate: boolean;
  penalty?: { max: number } | undefined;
}
