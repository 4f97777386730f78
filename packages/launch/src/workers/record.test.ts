import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readJob, writeJob, type JobRecord } from './record.js';

const JOB: JobRecord = {
  version: 1,
  run: 'r',
  attempt: 3,
  pid: 4711,
  started: 'some time',
  host: '127.0.0.1',
  port: 4000,
  key_hash: 'a'.repeat(64),
};

const { pid: _, started: __, ...rest } = JOB;
const ON_RAY: JobRecord = { ...rest, ray: { address: 'http://head:8265', submission_id: 'touchstone-r-3' } };

describe('the record of a job', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'touchstone-job-'))));

  it('is found again', async () => {
    expect(await readJob(folder, 'r')).toBeNull();
    await writeJob(folder, JOB);
    expect(await readJob(folder, 'r')).toEqual(JOB);
    await writeJob(folder, ON_RAY);
    expect(await readJob(folder, 'r')).toEqual(ON_RAY);
  });

  it('is none where what is written of it is damaged, and refused where it is of another run', async () => {
    for (const text of [
      '',
      '{',
      '{}',
      JSON.stringify({ ...JOB, pid: 1 }),
      JSON.stringify({ ...JOB, more: 1 }),
      JSON.stringify({ ...ON_RAY, pid: 4711 }),
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
});
