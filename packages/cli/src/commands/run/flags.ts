import { resolve } from 'node:path';
import type { RunListener } from '@touchstone/spec';
import { type Command, InvalidArgumentError } from 'commander';
import { SEEDS_EXPECTED, seedsSchema, type Loaded, type Seeds } from '@touchstone/run';
import type { Io } from '../../io.js';
import { createProgress, showEvents } from '../../terminal/progress.js';

/*
 * What commands that work in a run's folder share. The trainers are not loaded here: an examination needs none of them.
 */

export interface RunFlags {
  out?: string;
  seed?: number;
  /** How many trainings, or with which seeds; absent: one. */
  seeds?: Seeds;
  overrideGate?: string;
  goOn?: string;
  /** commander's default of an option that begins with no- is true. */
  gate?: string | true;
  json?: true;
}

/** @param folder the run's folder where none is named. */
export function addRunFlags(command: Command, folder = 'output of the configuration'): Command {
  return command
    .option('--out <folder>', `the run's folder; default: ${folder}`)
    .option('--seed <number>', 'in place of seed of the configuration', parseSeed)
    .option('--json', 'print the result as JSON, and no progress');
}

/** For commands that train. */
export function addSeedsFlag(command: Command): Command {
  return command.option(
    '--seeds <seeds>',
    'several trainings, and every claim about all of them: how many from the seed on, such as 3, or which, such as 1,2,5; default: seeds of the configuration, else one training',
    parseSeeds,
  );
}

function parseSeeds(text: string): Seeds {
  const seeds = text.includes(',') ? text.split(',').map((one) => parseSeed(one.trim())) : parseSeed(text);
  const { success, data } = seedsSchema.safeParse(seeds);
  if (success) return data;
  throw new InvalidArgumentError(SEEDS_EXPECTED);
}

function parseSeed(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('expected a whole number from 0 to 999999999');
  return Number(text);
}

/** The key that certificates are signed with, as PEM. */
export const signingKey = (io: Io): string | undefined =>
  io.env['TOUCHSTONE_SIGNING_KEY']?.trim() || undefined;

/** Opens what a command works with in the run's folder, and closes it when the work has ended. */
export async function withOpened<
  C extends { output: string; seed: number },
  W extends { store: { close(): void } },
  T,
>(
  open: (loaded: Loaded<C>, folder: string) => Promise<W>,
  { config, ...loaded }: Loaded<C>,
  flags: RunFlags,
  io: Io,
  work: (opened: W, onEvent: RunListener) => Promise<T>,
): Promise<T> {
  const folder = flags.out === undefined ? resolve(loaded.baseDir, config.output) : resolve(flags.out);
  const seeded = { ...config, seed: flags.seed ?? config.seed };
  const opened = await open({ ...loaded, config: seeded }, folder);
  const progress = flags.json ? undefined : createProgress(io.err);
  try {
    return await work(opened, progress ? showEvents(progress) : () => {});
  } finally {
    progress?.stop();
    opened.store.close();
  }
}
