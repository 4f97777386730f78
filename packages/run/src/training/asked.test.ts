import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '@touchstone/spec';
import { openRun, type RunStore } from '@touchstone/store';
import { afterAll, expect, it } from 'vitest';
import { runSmall, writeSmallRun } from '../small-run.testing.js';
import { readSnapshot } from '../snapshot.js';
import { evaluationOf, REINFORCE } from '../stages/stages.js';
import { askedOf, askRun } from './asked.js';

const outer = mkdtempSync(join(tmpdir(), 'touchstone-asked-'));
afterAll(() => rmSync(outer, { recursive: true, force: true }));

/** What run.db has of a training that a monitor has paused. */
const pause = (store: RunStore): void =>
  store.putEvent(
    {
      type: 'alarm',
      stage: REINFORCE.name,
      text: '',
      monitor: { monitor: 'kl', step: 1, value: 1, threshold: 0, action: 'pause', reason: 'far' },
    },
    '2026-01-01T00:00:00.000Z',
  );

function trainings(name: string, stands: readonly ((store: RunStore) => void)[]) {
  const all = join(outer, name);
  const folders = stands.map((stand, i) => {
    const folder = join(all, `seed-${i + 1}`);
    mkdirSync(folder, { recursive: true });
    const store = openRun(folder);
    stand(store);
    store.close();
    return folder;
  });
  const tell = (folder: string, what: Parameters<typeof askRun>[2], isAtWork = true): Promise<void> =>
    askRun(all, { folder, isAtWork }, what);
  return { all, folders, tell, asked: () => Promise.all(folders.map(askedOf)) };
}

it('asks all trainings of a run to wait, the one at work to go back, and says so where it cannot read', async () => {
  const { all, folders, tell, asked } = trainings('open', [() => {}, () => {}]);
  await tell(all, 'pause');
  expect(await asked()).toEqual(['pause', 'pause']);
  await tell(all, null);
  await tell(folders[1]!, 'roll-back');
  expect(await asked()).toEqual([null, 'roll-back']);
  await expect(tell(all, 'roll-back')).rejects.toThrow(/none of its trainings is at work/);
  mkdirSync(join(folders[0]!, 'asked.txt'));
  await expect(askedOf(folders[0]!)).rejects.toThrow(/asked.txt: cannot be read: EISDIR/);
});

it('asks no training that has ended or is paused, and refuses where none is left', async () => {
  const end = (store: RunStore): void => store.finishStage(REINFORCE.name, 1, null);
  const some = trainings('some', [end, pause, () => {}]);
  await expect(some.tell(some.folders[0]!, 'roll-back')).rejects.toThrow(/its training has ended/);
  await expect(some.tell(some.folders[1]!, 'roll-back')).rejects.toThrow(/run … --go-on "REASON"/);
  await some.tell(some.folders[0]!, 'pause');
  expect(await some.asked()).toEqual([null, null, 'pause']);
  await some.tell(some.folders[0]!, null);
  await expect(some.tell(some.folders[0]!, null)).rejects.toThrow(/nobody has asked it to wait/);

  const none = trainings('none', [end, pause]);
  await expect(none.tell(none.folders[0]!, 'pause')).rejects.toThrow(/its training has ended/);
  // Whoever lets it go on gives a reason, and a process has to work on it.
  await expect(none.tell(none.folders[1]!, null, false)).rejects.toThrow(/run … --go-on "REASON"/);
  expect(await none.asked()).toEqual([null, null]);
});

it('refuses to ask a run that is evaluated already, and leaves nothing for a later command', async () => {
  const folder = join(outer, 'run');
  const out = join(folder, 'out');
  await writeSmallRun(folder);
  const stopped = (event: RunEvent): void => {
    if (event.type === 'stage-finished' && event.stage === REINFORCE.name) throw new Error('stopped');
  };
  await expect(runSmall(folder, stopped)).rejects.toThrow('stopped');
  // Its last step is over, and nothing of it has been heeded.
  writeFileSync(join(out, 'asked.txt'), 'roll-back\n');
  const refused: Promise<unknown>[] = [];
  await runSmall(folder, (event) => {
    if (event.type !== 'stage-started' || event.stage !== evaluationOf('rft').name) return;
    expect(existsSync(join(out, 'asked.txt'))).toBe(false);
    refused.push(
      readSnapshot(out, Date.now()).then((seen) => {
        expect(seen.isAtWork).toBe(true);
        return askRun(out, seen, 'pause').catch((error: unknown) => error);
      }),
    );
  });
  expect(await Promise.all(refused)).toEqual([
    expect.objectContaining({ exitCode: 2, message: expect.stringMatching(/has ended[^]*Ctrl\+C/) }),
  ]);
  expect(existsSync(join(out, 'asked.txt'))).toBe(false);
});
