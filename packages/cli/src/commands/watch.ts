import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { readSnapshot } from '@touchstone/run';
import type { Io } from '../io.js';
import { snapshotText } from './watch/snapshot-text.js';

const EVERY_MS = 1000;
/** Looking takes at most this share of the time, however much there is to read. */
const SHARE = 0.1;
const CLEAR = '\x1b[H\x1b[2J\x1b[3J';

interface WatchFlags {
  once?: true;
  json?: true;
}

/** `touchstone watch FOLDER` */
export function registerWatch(program: Command, io: Io): void {
  program
    .command('watch')
    .description(
      "look at a run from a second terminal: steps, alarms, the last step's answers with their reasons, what judges have cost. It only reads, until Ctrl+C",
    )
    .argument('<folder>', "the run's folder, as `output` or --out names it")
    .option('--once', 'look once')
    .option('--json', 'print what is there as JSON, once')
    .action(async (folder: string, flags: WatchFlags) => watch(resolve(folder), flags, io));
}

async function watch(folder: string, { once, json }: WatchFlags, io: Io): Promise<void> {
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
