import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isThere, startHere, startOf, workerHere } from './local.js';
import type { LocalProcess } from './record.js';

const commandOf = (script: string) => ({
  folder: mkdtempSync(join(tmpdir(), 'touchstone-worker-')),
  program: process.execPath,
  args: ['-e', script],
  env: { SAID: 'hello' },
  log: 'log-1.txt',
});
const ignore = () => Promise.resolve();

describe('a worker on this machine', () => {
  it('works in its folder with its environment, and is found again', async () => {
    const command = commandOf(
      'console.log(process.env.SAID, Object.keys(process.env).length, process.cwd()); setInterval(() => {}, 1000)',
    );
    let kept: LocalProcess | undefined;
    const worker = await startHere(command, (process) => Promise.resolve(void (kept = process)));
    const log = join(command.folder, 'log-1.txt');
    await vi.waitFor(
      () => expect(readFileSync(log, 'utf8')).toMatch(/^hello 1 .*touchstone-worker-/),
      20_000,
    );
    const found = workerHere(kept!, log);
    expect(found.name).toBe(`process ${kept!.pid}`);
    expect(await found.isAlive()).toBe(true);
    expect(await found.lastWords()).toMatch(/^the last that it wrote: hello 1/);
    await found.end(0);
    expect([await found.isAlive(), await worker.isAlive()]).toEqual([false, false]);
  });

  it('may end by itself', async () => {
    const worker = await startHere(commandOf('setTimeout(() => console.log("bye"), 300)'), ignore);
    await worker.end(20_000);
    expect(await worker.lastWords()).toBe('the last that it wrote: bye');
  });

  it('is not left behind where nobody would find it', async () => {
    let pid = 0;
    const started = startHere(commandOf('setInterval(() => {}, 1000)'), (process) => {
      ({ pid } = process);
      return Promise.reject(new Error('disk full'));
    });
    await expect(started).rejects.toThrow('disk full');
    expect(startOf(pid)).toBeNull();
  });

  it('says what cannot be started', async () => {
    await expect(startHere({ ...commandOf(''), program: 'no-such-program' }, ignore)).rejects.toThrow(
      /no-such-program cannot be started/,
    );
  });

  it('is not another process with its number', () => {
    const own = { pid: process.pid, started: startOf(process.pid)! };
    expect(isThere(own)).toBe(true);
    expect(isThere({ ...own, started: 'another time' })).toBe(false);
  });
});
