import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '@touchstone/store';

/** Of the training with a seed, within the folder of all. */
export const folderOf = (seed: number): string => `seed-${seed}`;

/** The trainings that a folder has, each with a run.db. */
export async function trainingFolders(all: string): Promise<{ seed: number; folder: string }[]> {
  const seeds = (await namesIn(all)).flatMap((name) => /^seed-(\d{1,9})$/.exec(name)?.[1] ?? []);
  return seeds
    .map((text) => ({ seed: Number(text), folder: join(all, folderOf(Number(text))) }))
    .filter(({ folder }) => existsSync(join(folder, 'run.db')));
}
