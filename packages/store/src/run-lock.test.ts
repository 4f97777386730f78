import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, onTestFinished } from 'vitest';
import { isRunLocked, lockRun } from './run-lock.js';

it('keeps a second process out, until the first lets go or is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./lock-holder.fixture.mjs', import.meta.url)), folder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect(() => lockRun(folder)).toThrow(`another process is at work in ${folder}`);
  expect(isRunLocked(folder)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isRunLocked(folder)).toBe(false);
  const release = lockRun(folder);
  expect(isRunLocked(folder)).toBe(true);
  expect(() => lockRun(folder)).toThrow('another process');
  release();
  lockRun(folder)();
});

it('keeps it when nobody keeps what lets go of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  lockRun(folder);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(() => lockRun(folder)).toThrow('another process');
});
