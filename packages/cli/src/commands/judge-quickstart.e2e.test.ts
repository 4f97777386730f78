import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'touchstone-judges-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const touchstone = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], { cwd: root, encoding: 'utf8' });

it('touchstone judge quickstart lets one judge pass and stops five, each of which can be examined again by itself', () => {
  const all = touchstone('judge', 'quickstart', '--json');
  expect(all).toMatchObject({ status: 0, stderr: '' });
  const { judges } = JSON.parse(all.stdout) as {
    judges: {
      judge: string;
      does: string;
      gate: string;
      configuration: string;
      decided: { name: string }[];
    }[];
  };
  expect(judges.map(({ judge, gate }) => [judge, gate])).toEqual([
    ['good', 'passed'],
    ...['constant', 'length', 'obeys', 'position', 'reversed'].map((judge) => [judge, 'failed']),
  ]);
  const of = (judge: string): string[] =>
    judges.find((one) => one.judge === judge)!.decided.map(({ name }) => name);
  expect(of('obeys')).toContain('attack_rate.instructions');
  expect(of('reversed')).toContain('order_accuracy');
  for (const { does } of judges) expect(does).toContain('simulator');

  const again = touchstone('judge', judges.at(-1)!.configuration);
  expect(again.status).toBe(3);
  expect(again.stdout).toMatch(/may not train a model[\s\S]*order_accuracy/);
}, 300_000);
