import type { z } from 'zod';
import type { NamedFile } from '../files/named-file.js';
import type { CheckContext, Evaluate } from './check.js';
import type { CheckFields } from './common.js';

/** A type of check: all that is known about it, in one place. Whatever lists checks reads the table of these. */
export interface CheckDefinition<
  Type extends string = string,
  Schema extends z.ZodType<CheckFields & { type: Type }> = z.ZodType<CheckFields & { type: Type }>,
> {
  /** As `reward.checks` names it. */
  type: Type;
  /** Its settings, `type` and `checkFields` among them. */
  schema: Schema;
  /** Packages that only this check needs: a reward function without it is bundled without them. */
  packages?: readonly string[];
  /** The files that its settings name. */
  files?(config: z.output<Schema>): NamedFile[];
  /** @throws {InputError} when a file is missing or wrong, or when it cannot work here. */
  create(config: z.output<Schema>, context: CheckContext): Evaluate;
}

/** A check as the table holds it, with the types of its settings. */
export function defineCheck<
  const Type extends string,
  Schema extends z.ZodType<CheckFields & { type: Type }>,
>(definition: CheckDefinition<Type, Schema>): CheckDefinition<Type, Schema> {
  return definition;
}
