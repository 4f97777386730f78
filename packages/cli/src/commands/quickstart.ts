import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '@touchstone/run';
import type { Io } from '../io.js';
import { addTrainingFlags, run } from './run.js';
import { addRunFlags, type RunFlags } from './run/flags.js';

/** `touchstone quickstart` */
export function registerQuickstart(program: Command, io: Io): void {
  addTrainingFlags(addRunFlags(program.command('quickstart'), 'runs/quickstart-SEED'))
    .description(
      'the whole job in miniature, offline: contract review with small models that the project brings along',
    )
    .action(async (flags: RunFlags) => {
      const seed = flags.seed ?? 1;
      // Several trainings are another run, of the same case.
      const folder = resolve(
        flags.out ?? `runs/quickstart-${seed}${flags.seeds === undefined ? '' : '-seeds'}`,
      );
      const config = join(folder, 'touchstone.yaml');
      // The user may have changed it: then that is what runs.
      const path = existsSync(config) ? config : await prepared(folder, seed);
      const loaded = await loadConfig(path);
      if (!flags.json) io.err.write(opening(folder, flags.seeds !== undefined));
      await run(loaded, { ...flags, out: folder }, io);
      if (!flags.json) io.out.write('Now your own: npx touchstone init my-case\n');
    });
}

/** The case is written once: what draws it is loaded for that only. */
async function prepared(folder: string, seed: number): Promise<string> {
  const { prepareQuickstart } = await import('@touchstone/quickstart');
  return prepareQuickstart(folder, seed);
}

const opening = (folder: string, several: boolean): string =>
  'The whole job in miniature: judge and gate, baseline, reinforcement fine-tuning (RFT), supervised fine-tuning (SFT), evaluation, report.\n' +
  `About 5 to 15 minutes${several ? ' a training' : ''} on two idle cores, in ${folder}. After Ctrl+C the same command goes on where it stopped.\n`;
