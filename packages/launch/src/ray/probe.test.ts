import { copyFileSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeRay } from './probe.js';
import { REPLIES, startReplies, type RayReply } from './replies.testing.js';

describe('a look at a cluster', () => {
  let folder: string;
  let open: { close(): void } | undefined;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'touchstone-probe-'))));
  afterEach(() => open?.close());

  /** A cluster whose jobs do what `work` does, with what Ray says of them. */
  async function probed(state: RayReply, work: (token: string) => void, limitMs = 60_000) {
    const server = await startReplies((asked, { body }) => {
      if (asked === 'GET /api/version') return REPLIES.version;
      if (asked.endsWith('/stop')) return REPLIES.stops;
      if (asked.startsWith('GET')) return state;
      const { submission_id: id } = JSON.parse(body) as { submission_id: string };
      work(id.replace('touchstone-probe-', ''));
      return { status: 200, body: JSON.stringify({ job_id: id, submission_id: id }) };
    });
    open = server;
    const command = { folder, program: 'python3', args: ['train.py'], env: {}, log: 'check.txt' };
    const found = await probeRay({ address: server.url }, command, limitMs);
    expect(readdirSync(folder)).toEqual([]);
    return { ...found, asked: server.asked };
  }
  const done = { status: 200, body: REPLIES.running.body.replace('RUNNING', 'SUCCEEDED') };
  const inFolder = (name: string) => join(folder, name);

  it('says that the folder is seen, and what the command printed', async () => {
    const { findings, ran } = await probed(done, (token) => {
      copyFileSync(inFolder(`probe-${token}.in`), inFolder(`probe-${token}.seen`));
      writeFileSync(inFolder(`probe-${token}.out`), 'well');
    });
    expect(findings.map(({ level, what }) => [level, what])).toEqual([
      ['ok', 'Ray'],
      ['ok', 'Ray: folder'],
    ]);
    expect(ran).toEqual({ out: 'well', err: '', hasFailed: false });
  });

  it('says that the folder is not seen, or another one is', { timeout: 60_000 }, async () => {
    const nothing = await probed(REPLIES.noFolder, () => {});
    expect(nothing.ran).toBeNull();
    expect(nothing.findings.at(-1)).toMatchObject({
      level: 'failed',
      detail: expect.stringMatching(
        /does not see .*can't cd to \/nowhere.*: choose a folder with output, or --out/,
      ),
    });
  });

  it('says that there is no room, and takes its job back', async () => {
    const { findings, ran, asked } = await probed(REPLIES.waitsForGpu, () => {}, -1);
    expect(ran).toBeNull();
    expect(findings.at(-1)).toMatchObject({
      what: 'Ray: room',
      level: 'failed',
      detail: expect.stringMatching(
        /may be waiting for resources.*wait until there is room, or ask for less/,
      ),
    });
    expect(asked.at(-1)).toMatch(/^POST \/api\/jobs\/touchstone-probe-.*\/stop$/);
  });

  it('says that nobody is there', async () => {
    const command = { folder, program: 'python3', args: [], env: {}, log: 'check.txt' };
    const { findings, ran } = await probeRay({ address: 'http://127.0.0.1:9' }, command, 1000);
    expect(ran).toBeNull();
    expect(findings).toEqual([
      {
        what: 'Ray',
        level: 'failed',
        detail: expect.stringMatching(/out of reach .*training\.ray\.address/) as string,
      },
    ]);
  });
});
