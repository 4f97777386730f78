import { z } from 'zod';
import { schemasOf } from '../../table.js';
import { name } from '../criterion.js';
import { SINGLE_JUDGES } from '../single-judges.js';

export const panelSchema = z
  .strictObject({
    kind: z.literal('panel').meta({ description: 'Several judges, put together' }),
    members: z
      .record(name, z.discriminatedUnion('kind', schemasOf(SINGLE_JUDGES)))
      .meta({ description: 'The judges, each with a name' }),
    combine: z
      .enum(['mean', 'median', 'majority', 'worst', 'mean-minus-spread'])
      .default('mean')
      .meta({ description: 'How their scores become one' }),
    pass: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .meta({ description: 'Score from which a member votes yes, for combine: majority' }),
    spread_weight: z
      .number()
      .nonnegative()
      .default(1)
      .meta({ description: 'Standard deviations taken off the mean, for combine: mean-minus-spread' }),
    quorum: z
      .int()
      .positive()
      .optional()
      .meta({ description: 'Members that must have a score; more than half by default' }),
  })
  .superRefine(({ members, quorum }, context) => {
    const size = Object.keys(members).length;
    const fail = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (size < 2) fail('members', `a panel needs at least two members, got ${size}`);
    else if (quorum !== undefined && quorum > size)
      fail('quorum', `expected at most ${size}, the number of members`);
  })
  .meta({ id: 'panel_judge' });
export type PanelConfig = z.output<typeof panelSchema>;
