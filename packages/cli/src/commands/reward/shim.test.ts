import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderShim } from '@touchstone/serve';
import { afterAll, expect, it } from 'vitest';
import { runCli } from '../../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-shim-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function shim(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['reward', 'shim', ...args], { out: sink('out'), err: sink('err'), env: {} });
  return { code, ...got };
}

it('reward shim prints the file, or writes it where nothing is yet', async () => {
  const text = await renderShim('verl');
  expect(await shim('verl')).toEqual({ code: 0, out: text, err: '' });
  const file = join(folder, 'touchstone_verl.py');
  expect(await shim('verl', '--out', file)).toMatchObject({ code: 0, out: expect.stringContaining(file) });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(await shim('trl', '--out', file)).toMatchObject({ code: 2, err: expect.stringMatching(/already/) });
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(await shim('trl', '--out', join(folder, 'none', 'x.py'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/cannot be written \(ENOENT\)/),
  });
  expect(await shim('ray')).toMatchObject({ code: 2, err: expect.stringMatching(/trl, verl, verifiers/) });
});
