import type { z } from 'zod';
import type { FileContext } from '../files/load-module.js';
import type { NamedFile } from '../files/named-file.js';
import type { ModelAccess, ModelCallsConfig } from './asking-judge.js';
import type { Criterion } from './criterion.js';
import type { Judge } from './judge.js';

/** What judges are made with. */
export interface JudgeResources extends FileContext {
  /**
   * Opens the model that a judge names, and what makes the calls to it. The model's `id` is what the user wrote: reports
   * show it.
   */
  open(config: ModelCallsConfig): Promise<ModelAccess>;
  /** Makes markers, orders and sampling repeatable; no part of a fingerprint. */
  seed: number;
}

/** The same, for one kind of judge, which may be made of others. */
export interface JudgeContext extends JudgeResources {
  openJudge(config: { kind: string }): Promise<Judge>;
}

/** A judge inside the settings of another. */
interface MemberConfig {
  /** Where it stands in those settings. */
  path: string[];
  config: { kind: string };
}

/** A kind of judge: all that is known about it, in one place. Whatever lists judges reads the tables of these. */
export interface JudgeDefinition<
  Kind extends string = string,
  Schema extends z.ZodType<{ kind: Kind }> = z.ZodType<{ kind: Kind }>,
> {
  /** As `judge.kind` names it. */
  kind: Kind;
  /** Its settings, `kind` among them. */
  schema: Schema;
  /** What its verdicts name, none where it compares answers as a whole. Default: what its members' verdicts name. */
  criteria?(config: z.output<Schema>): readonly Criterion[];
  /** The judges that it is made of. Default: none. */
  members?(config: z.output<Schema>): MemberConfig[];
  /** The files that its settings name, those of its members left out. Default: none. */
  files?(config: z.output<Schema>): NamedFile[];
  /** @throws {InputError} when a prompt, an input or a file is wrong, or a model cannot be opened. */
  open(config: z.output<Schema>, context: JudgeContext): Promise<Judge>;
}

/** A kind of judge as the table holds it, with the types of its settings. */
export function defineJudge<const Kind extends string, Schema extends z.ZodType<{ kind: Kind }>>(
  definition: JudgeDefinition<Kind, Schema>,
): JudgeDefinition<Kind, Schema> {
  return definition;
}
