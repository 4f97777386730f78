import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import type { RunStore } from '@touchstone/store';
import { parse } from 'yaml';
import { z } from 'zod';
import { claimedGradersSchema } from './graders.js';

/** Of `config.yaml` what says which answers are valid, who scored them, and what the folder is of. */
const claimSchema = claimedGradersSchema.extend({
  config: claimedGradersSchema.shape.config.extend({
    seed: z.number().optional(),
    training: z.looseObject({ sft: z.unknown().optional() }).optional(),
  }),
  role: z
    .looseObject({
      evaluation: z.boolean().optional(),
      trainings: z.string().optional(),
      part_of: z.string().optional(),
    })
    .optional(),
  run: z.string().optional(),
  fingerprint: z.string().optional(),
});
export type StoredClaim = z.output<typeof claimSchema>;

/** @throws {InputError} it cannot be read, or is not what a run or an evaluation writes. */
export async function readClaim(folder: string): Promise<StoredClaim> {
  const file = join(folder, 'config.yaml');
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw InputError.at({ file }, 'expected the config.yaml that a run writes beside its run.db', { cause });
  }
  const { success, data } = claimSchema.safeParse(value);
  if (success) return data;
  throw InputError.at(
    { file },
    'it is not what this version of Touchstone writes: no reward was found in it',
  );
}

/**
 * Judges and rules of another run's `config.yaml` would pass for those that scored these answers.
 *
 * @throws {InputError} it is not the one of `run.db` beside it.
 */
export function assertOfStore(
  folder: string,
  { run, fingerprint, models }: StoredClaim,
  { id, fingerprint: claimed }: ReturnType<RunStore['identity']>,
): void {
  const isOther = (run !== undefined && run !== id) || (claimed !== null && fingerprint !== claimed);
  // Every run has a policy and a judge.
  if (!isOther && (claimed === null || Object.keys(models).length > 0)) return;
  throw InputError.at(
    { file: join(folder, 'config.yaml') },
    'it is not the one that belongs to run.db beside it: one of the two is of another run, or was changed. Restore the whole folder from a copy',
  );
}
