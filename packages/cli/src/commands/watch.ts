import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { askRun, readSnapshot } from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import type { Io } from '../io.js';
import { snapshotText } from './watch/snapshot-text.js';

const EVERY_MS = 1000;
/** Looking takes at most this share of the time, however much there is to read. */
const SHARE = 0.1;
const CLEAR = '\x1b[H\x1b[2J\x1b[3J';

interface WatchFlags {
  once?: true;
  json?: true;
  pause?: true;
  goOn?: true;
  rollBack?: true;
}

/** `touchstone watch FOLDER` */
export function registerWatch(program: Command, io: Io): void {
  program
    .command('watch')
    .description(
      "look at a run from a second terminal: steps, alarms, the last step's answers with their reasons, what judges have cost. It goes on until Ctrl+C, and only reads but for what it is told to ask of the run",
    )
    .argument('<folder>', "the run's folder, as `output` or --out names it")
    .option('--once', 'look once')
    .option('--json', 'print what is there as JSON, once')
    .addOption(
      new Option('--pause', 'ask the training to wait after its step').conflicts(['goOn', 'rollBack']),
    )
    .addOption(
      new Option(
        '--go-on',
        'let a training go on that waits; one that a monitor has paused goes on with run --go-on',
      ).conflicts('rollBack'),
    )
    .option(
      '--roll-back',
      "ask the training to take the best checkpoint's weights back, where training.save_top_k scores checkpoints, and to stop (exit code 4)",
    )
    .action(async (folder: string, flags: WatchFlags) => watch(resolve(folder), flags, io));
}

async function watch(folder: string, { once, json, ...asked }: WatchFlags, io: Io): Promise<void> {
  if (Object.keys(asked).length > 0) return tell(folder, asked, io);
  for (let said = ''; ;) {
    const begun = performance.now();
    const snapshot = await readSnapshot(folder, Date.now());
    if (json) {
      io.out.write(`${JSON.stringify(snapshot)}\n`);
      return;
    }
    const text = snapshotText(snapshot, io.err.columns);
    if (once) {
      io.out.write(text);
      return;
    }
    // Elsewhere than on a terminal a screen is not drawn over; what has changed is said again.
    if (io.err.isTTY) io.out.write(CLEAR + text);
    else if (text !== said) io.out.write(`${text}\n`);
    said = text;
    await sleep(Math.max(EVERY_MS, (performance.now() - begun) / SHARE));
  }
}

async function tell(named: string, { pause, goOn }: WatchFlags, io: Io): Promise<void> {
  const seen = await readSnapshot(named, Date.now());
  if (seen.backend !== 'embedded') {
    const message = `${seen.backend} trains by itself and cannot wait between two steps: stop the command that runs it, and start it again to go on`;
    throw new InputError([{ message }]);
  }
  await askRun(named, seen, goOn ? null : pause ? 'pause' : 'roll-back');
  io.out.write(
    goOn
      ? seen.isAtWork
        ? 'The training that waits goes on.\n'
        : 'It need not wait any more; no process is at work on it: the same command goes on from where it stopped.\n'
      : pause
        ? 'The training waits once its step is over, until --go-on.\n'
        : 'Once its step is over, the training stops; where training.save_top_k has scored checkpoints, it takes the best one back first.\n',
  );
}
