import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import { z } from 'zod';
import { assertOfStore, readClaim } from '../comparison/claim.js';
import { readStage, type Stage } from '../stages/stage.js';
import { evaluationOf, REINFORCE } from '../stages/stages.js';
import { folderOf, trainingFolders } from './folders.js';

/** The seeds that were asked for, each time that they were others. */
export const SEEDS: Stage<number[][]> = { name: 'seeds', title: 'Seeds', schema: z.array(z.array(z.int())) };

interface Training {
  seed: number;
  folder: string;
}

/** What all trainings of a run have in common. */
interface Asked {
  run: string;
  seeds: readonly number[];
}

/**
 * The trainings of a run of several, all that it was asked for and no other: who leaves one out, or adds one, claims what they have chosen.
 *
 * @param all the run's folder.
 * @returns none for a run of one training, and for an evaluation.
 * @throws {InputError} one is missing, has not ended, is of another run, or was not asked for.
 */
export async function endedTrainings(all: string): Promise<Training[]> {
  const found = await trainingFolders(all);
  if (found.length === 0 && !existsSync(join(all, 'config.yaml'))) return [];
  const { role } = await readClaim(all);
  if (role?.trainings === undefined) return [];
  const asked = reading(all, (store): Asked => ({
    run: store.identity().id,
    seeds: readStage(store, SEEDS)?.value.at(-1) ?? [],
  }));
  if (asked.seeds.length === 0) {
    throw InputError.at(
      { file: all },
      'expected a run of several trainings that have ended; none has begun. Run the same command again, and it goes on',
    );
  }
  for (const { seed, folder } of found) if (!asked.seeds.includes(seed)) assertNotBegun(folder, seed, asked);
  const trainings = asked.seeds.map((seed) => ({ seed, folder: join(all, folderOf(seed)) }));
  for (const training of trainings) await assertEnded(training, asked);
  return trainings;
}

/** A folder of a seed that nobody asks for any more holds nothing, where it is of this run. */
function assertNotBegun(folder: string, seed: number, { seeds }: Asked): void {
  const hasBegun = reading(folder, (store) => store.steps(REINFORCE.name).length > 0);
  if (!hasBegun) return;
  throw InputError.at(
    { file: folder },
    `this run was not asked for a training with seed ${seed}: expected those with seeds ${seeds.join(', ')}. Move the folder elsewhere, and name it by itself`,
  );
}

async function assertEnded({ seed, folder }: Training, { run, seeds }: Asked): Promise<void> {
  if (!existsSync(join(folder, 'run.db'))) {
    throw InputError.at(
      { file: folder },
      `expected the training with seed ${seed}, with its run.db, since the run was asked for seeds ${seeds.join(', ')}; there is none. ` +
        'Restore the folder from a copy, or remove what is left of it and run the same command again, which trains it anew. Figures of the others alone would be of those that somebody has left',
    );
  }
  const claim = await readClaim(folder);
  const { role, config } = claim;
  if (role?.part_of !== run || config.seed !== seed) {
    const got = role?.part_of === undefined ? 'a run by itself' : `run ${role.part_of}`;
    throw InputError.at(
      { file: folder },
      `expected the training of run ${run} with seed ${seed}; its config.yaml is of ${got}, with seed ${config.seed}. ` +
        'Restore the folder from a copy',
    );
  }
  const lacking = reading(folder, (store) => {
    assertOfStore(folder, claim, store.identity());
    const names = config.training?.sft ? ['rft', 'sft'] : ['rft'];
    return names.find((name) => !store.stage(evaluationOf(name).name));
  });
  if (lacking === undefined) return;
  throw InputError.at(
    { file: folder },
    `this training has not ended: "${lacking}" was not evaluated yet. Let all trainings end first (the same command goes on with what is left)`,
  );
}

function reading<T>(folder: string, read: (store: RunStore) => T): T {
  const store = openRun(folder, { readOnly: true });
  try {
    return read(store);
  } finally {
    store.close();
  }
}
