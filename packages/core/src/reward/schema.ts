import { z } from 'zod';
import { checkSchema, type CheckConfig } from '../checks/index.js';
import { answerSchema } from './answer-policy.js';
import { parseFormula } from './formula.js';

/** The judge's name among the parts of a reward. */
export const JUDGE = 'judge';

/** `reward:` of `touchstone.yaml`. Weights are relative; they are normalised to shares. */
export const rewardSchema = z
  .strictObject({
    answer: answerSchema.optional().meta({
      description:
        'What of a response is the answer, for checks, rules and judge alike; by default all of it',
    }),
    judge_weight: z
      .number()
      .positive()
      .default(1)
      .meta({ description: 'Share of the judge, relative to the checks' }),
    checks: z.array(checkSchema).default([]).meta({ description: 'Rules that run before the judge' }),
    formula: z
      .strictObject({
        expression: z.string().min(1).meta({
          description: 'Names of checks and judge, numbers, + - * / ^, min max abs floor ceil exp sqrt log',
        }),
        range: z
          .tuple([z.number(), z.number()])
          .refine(([low, high]) => low < high, 'expected the lower bound first')
          .default([0, 1])
          .meta({ description: 'What of the value becomes 0 and what becomes 1; beyond is cut' }),
      })
      .optional()
      .meta({ description: 'In place of weights: how the parts make the score' }),
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
  })
  .superRefine(({ checks, formula }, context) => {
    const fail = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    const names = checks.map(nameOf);
    names.forEach((name, i) => {
      if (names.indexOf(name) !== i) fail(['checks', i], `two checks are called "${name}"; give one a name`);
      if (name === JUDGE || name === 'formula')
        fail(['checks', i, 'name'], `"${name}" is taken; choose another name`);
    });
    checks.forEach((check, i) => {
      if (check.penalty && check.weight > 0)
        fail(['checks', i, 'penalty'], 'expected a weight (in the mean) or a penalty (after it), not both');
      if (formula && check.weight > 0)
        fail(['checks', i, 'weight'], 'a formula takes the place of weights; say it there');
    });
    if (formula)
      formulaProblems(formula.expression, names).forEach((p) => fail(['formula', 'expression'], p));
  });
export type RewardConfig = z.output<typeof rewardSchema>;

function nameOf(check: CheckConfig): string {
  return check.name ?? check.type;
}

function formulaProblems(expression: string, checks: readonly string[]): string[] {
  try {
    const known = [...checks, JUDGE];
    return parseFormula(expression)
      .names.filter((name) => !known.includes(name))
      .map((name) => `"${name}" is neither a check nor ${JUDGE}; known are ${known.join(', ')}`);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
