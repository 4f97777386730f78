import { spawn } from 'node:child_process';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { isAlive, readJob, startOf, writeJob, type JobRecord } from './process.js';

const JOB: JobRecord = {
  version: 1,
  run: 'r',
  attempt: 3,
  pid: process.pid,
  started: startOf(process.pid)!,
  port: 4000,
  key_hash: 'a'.repeat(64),
};

describe('the process of a job', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'touchstone-job-'))));

  it('is found again', async () => {
    expect(await readJob(folder, 'r')).toBeNull();
    await writeJob(folder, JOB);
    expect(await readJob(folder, 'r')).toEqual(JOB);
  });

  it('is none where what is written of it is damaged, and refused where it is of another run', async () => {
    for (const text of [
      '',
      '{',
      '{}',
      JSON.stringify({ ...JOB, pid: 1 }),
      JSON.stringify({ ...JOB, more: 1 }),
    ]) {
      writeFileSync(join(folder, 'job.json'), text);
      expect(await readJob(folder, 'r')).toBeNull();
    }
    await writeJob(folder, JOB);
    await expect(readJob(folder, 'other')).rejects.toThrow(
      /job\.json is of another run \(r\): expected other/,
    );
  });

  it('is not read through a link', async () => {
    symlinkSync('/etc/hostname', join(folder, 'job.json'));
    await expect(readJob(folder, 'r')).rejects.toThrow(/symbolic link/);
  });

  it('is alive while it is, and another one with its number is not it', async () => {
    expect(isAlive(JOB)).toBe(true);
    expect(isAlive({ ...JOB, started: 'another time' })).toBe(false);
    const child = spawn(process.execPath, ['-e', '']);
    const started = startOf(child.pid!);
    await new Promise((resolve) => child.once('close', resolve));
    expect(isAlive({ pid: child.pid!, started: started ?? '' })).toBe(false);
  });
});
