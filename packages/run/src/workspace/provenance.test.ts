import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Judge } from '@touchstone/core';
import { openRun } from '@touchstone/store';
import { afterAll, expect, it } from 'vitest';
import { configSchema } from '../config/schema.js';
import { claimFolder } from './provenance.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-provenance-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('a run is another one when what the module of a check imports has changed', async () => {
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  write('tasks.jsonl', '');
  write('check.mjs', 'import { good } from "./helper.mjs"; export default () => good;');
  const config = configSchema.parse({
    policy: { model: 'local:policy' },
    data: { train: 'tasks.jsonl', eval: 'tasks.jsonl' },
    judge: { kind: 'code', module: 'check.mjs' },
    reward: { checks: [{ type: 'code', module: 'check.mjs', weight: 1 }] },
  });
  const store = openRun(folder);
  const models = { policy: 'p', judge: { fingerprint: 'j' } as Judge, heldout: null };
  const claim = () => claimFolder(folder, store, config, folder, models);
  write('helper.mjs', 'export const good = 1;');
  await claim();
  const first = readFileSync(join(folder, 'config.yaml'), 'utf8');
  // Nothing has been done yet: a plan may be changed.
  write('helper.mjs', 'export const good = 2;');
  await claim();
  expect(readFileSync(join(folder, 'config.yaml'), 'utf8')).not.toBe(first);
  await claim();
  store.finishStage('judge', 1, null);
  await claim();
  write('helper.mjs', 'export const good = 0;');
  await expect(claim()).rejects.toThrow(/another run: check\.mjs differ/);
  store.close();
});
