import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import { isHosted } from '@touchstone/train/schema';
import type { LoadedConfig } from '../config/load.js';
import { seedsOf, type Seeds } from '../config/seeds.js';
import { REINFORCE } from '../stages/stages.js';
import { claim, openWorkspace, type Workspace } from '../workspace/workspace.js';
import { folderOf, trainingFolders } from './folders.js';
import { CommonReplies } from './replies.js';

/** A run of several trainings of one configuration that differ in their seed, opened and checked before the first call is paid for. */
export interface Trainings {
  /** What they share: the judge, its examination, the data, and the evaluation of the model that they start from. */
  common: Workspace;
  /** In the order of their seeds, each in its folder within the common one. */
  members: Workspace[];
  /** Says in which of the stores replies are from now on. */
  workIn(workspace: Workspace): void;
  /** Lets go of all folders. */
  store: { close(): void };
}

/** As `main-job.ts` says. */
export async function openTrainings(loaded: LoadedConfig, seeds: Seeds, folder?: string): Promise<Trainings> {
  const { backend } = loaded.config.training;
  if (isHosted(backend)) {
    throw new InputError([
      {
        message:
          `seeds: training.backend ${backend} does not take a seed, so that nobody could say whether its trainings are different draws: ` +
          'expected a backend that does (embedded, trl, verl or openrlhf)',
      },
    ]);
  }
  const replies = new CommonReplies();
  const common = await openWorkspace(loaded, folder, {
    cacheOf: (store) => {
      replies.add(store);
      return replies;
    },
    role: { trainings: 'several' },
  });
  const members: Workspace[] = [];
  // The last one that was written to is what a watcher is shown.
  const close = (): void => [common, ...members].forEach(({ store }) => store.close());
  try {
    const wanted = seedsOf(seeds, common.config.seed);
    const begun = await seedsBegun(common.folder);
    const left = begun.filter((seed) => !wanted.includes(seed));
    if (left.length > 0) throw leftOut(left, wanted);
    for (const seed of wanted) {
      const member = memberOf(common, seed);
      members.push(member);
      await claim(member, { part_of: common.store.identity().id });
      replies.add(member.store);
    }
    return { common, members, workIn: ({ store }) => replies.workIn(store), store: { close } };
  } catch (error) {
    close();
    throw error;
  }
}

/** One training: all is the common workspace's but the seed, and what it leaves behind. */
function memberOf(common: Workspace, seed: number): Workspace {
  const folder = join(common.folder, folderOf(seed));
  return {
    ...common,
    folder,
    config: { ...common.config, seed },
    store: openRun(folder, { exclusive: true }),
  };
}

/** The seeds of trainings in a folder that have come to a first step. */
async function seedsBegun(all: string): Promise<number[]> {
  return (await trainingFolders(all)).flatMap(({ seed, folder }) => {
    const store = openRun(folder);
    try {
      return store.steps(REINFORCE.name).length > 0 ? [seed] : [];
    } finally {
      store.close();
    }
  });
}

const leftOut = (left: readonly number[], wanted: readonly number[]): InputError =>
  new InputError([
    {
      message:
        `seeds: ${left.join(', ')} of this folder would be left out: expected them beside ${wanted.join(', ')}, or another folder with --out. ` +
        'Who leaves out a training after having seen it claims what they have chosen',
    },
  ]);
