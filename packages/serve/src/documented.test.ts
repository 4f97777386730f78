import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ADAPTERS } from './adapters/index.js';
import { SHIMS } from './shims/render.js';

/** The rows of the tables in a document of this repository, each as its cells. */
async function rowsOf(document: string): Promise<string[][]> {
  const text = await readFile(new URL(`../../../docs/${document}`, import.meta.url), 'utf8');
  return [...text.matchAll(/^\|(.+)\|$/gm)].map(([, row]) => row!.split('|').map((cell) => cell.trim()));
}

it('every wire and every shim has its row in the documents', async () => {
  const wires = await rowsOf('reward-server.md');
  for (const { path, deadlineMs } of ADAPTERS) {
    const row = wires.find((cells) => cells.includes(`\`${path}\``));
    expect(row, path).toBeDefined();
    expect(row, path).toContain(
      deadlineMs < Infinity ? `${deadlineMs / 1000} s` : path === '/v1/rewards' ? 'your limit' : '–',
    );
  }
  const trainers = (await rowsOf('trainers.md')).map(([, by]) => by);
  for (const name of SHIMS) expect(trainers).toContain(`shim \`${name}\``);
});
