import type { JsonValue, Task } from '@touchstone/spec';
import type { Check, CheckContext, CheckResult } from './check.js';
import { checkSchema, createCheck } from './index.js';

/** A task with these fields for checks to look at. */
export function taskWith(metadata: { [key: string]: JsonValue }, prompt = 'Review the contract.'): Task {
  return { id: 't1', messages: [{ role: 'user', content: prompt }], reference: null, metadata };
}

/** The check that a configuration as a user writes it describes. */
export function checkOf(config: object, context: CheckContext = { baseDir: '.' }): Check {
  return createCheck(checkSchema.parse(config), context);
}

/** What a check says of one answer. */
export async function evaluate(
  config: object,
  response: string,
  { task = taskWith({}), ...context }: Partial<CheckContext> & { task?: Task } = {},
): Promise<CheckResult> {
  return checkOf(config, { baseDir: '.', ...context }).evaluate({ task, response });
}

export async function scoreOf(...args: Parameters<typeof evaluate>): Promise<number> {
  return (await evaluate(...args)).score;
}
