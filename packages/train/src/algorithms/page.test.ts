import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ALGORITHMS } from './index.js';

it('docs/algorithms.md has a row for each algorithm, with a paper', () => {
  const page = readFileSync(new URL('../../../../docs/algorithms.md', import.meta.url), 'utf8');
  for (const { name } of ALGORITHMS) {
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` .*\\d{4}\\.\\d{5}`, 'm'));
  }
});
