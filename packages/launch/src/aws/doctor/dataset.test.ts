import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askSdks, noSdks } from '../recipes/sdk.testing.js';
import { examineDataset, lineProblem } from './dataset.js';
import { GOOD, mutatedLines, ODD } from './lines.testing.js';

const skipped = noSdks && ` (skipped: ${noSdks})`;
const lineOf = (value: unknown): string => JSON.stringify(value);

/** The levels of what is said of a file, by what it is said of. */
async function levelsOf(lines: readonly string[], start = ''): Promise<Record<string, string>> {
  const file = join(await mkdtemp(join(tmpdir(), 'lines-')), 'train.jsonl');
  await writeFile(file, start + lines.join('\n'));
  const { findings } = await examineDataset(file);
  return Object.fromEntries(findings.map(({ what, level }) => [what, level]));
}

/** Lines that amzn-nova-forge takes, and this room refuses on purpose. Lines that are no JSON it leaves out with a warning. */
const STRICTER = [
  {
    why: 'no tokenizer has half of a pair of surrogates',
    line: '{"messages":[{"role":"user","content":"\\ud800"}]}',
    where: /\\ud800/,
  },
  {
    why: 'byte order marks and control characters say nothing',
    line: '{"messages":[{"role":"user","content":"\ufeff"}]}',
    where: /"\ufeff"/,
  },
  { why: 'NaN is no JSON', line: '{"level":NaN,"messages":[{"role":"user","content":"q"}]}', where: /NaN/ },
];

describe('training data', () => {
  it('has every key that not all have to have in all lines or in none', async () => {
    const [plain, , lease] = GOOD;
    expect(await levelsOf([lineOf(lease), lineOf(lease)], '\uFEFF')).toMatchObject({ 'Training data': 'ok' });
    expect(await levelsOf([lineOf(lease), lineOf(plain)])).toMatchObject({
      'Training data': 'ok',
      id: 'failed',
      reference_answer: 'failed',
    });
  });

  it.skipIf(noSdks !== '')(`is taken line by line as amzn-nova-forge takes it${skipped}`, () => {
    const lines = [...[...GOOD, ...ODD].map(lineOf), ...mutatedLines(5, 1000)];
    const { lines: theirs } = askSdks({ lines });
    const isStricter = (line: string): boolean => STRICTER.some(({ where }) => where.test(line));
    const taken = theirs.filter((problem) => problem === null).length;
    expect([taken > 200, taken < lines.length - 200]).toEqual([true, true]);
    expect(
      lines.flatMap((line, i) => {
        const { message } = lineProblem(line);
        return isStricter(line) || (message === undefined) === (theirs[i] === null)
          ? []
          : [{ line, ours: message, theirs: theirs[i] }];
      }),
    ).toEqual([]);
  });

  it.skipIf(noSdks !== '')(`is refused where amzn-nova-forge takes it, on purpose${skipped}`, () => {
    const lines = STRICTER.map(({ line }) => line);
    expect(askSdks({ lines }).lines).toEqual(lines.map(() => null));
    for (const line of lines) expect(lineProblem(line).message).toBeDefined();
  });

  it.skipIf(noSdks !== '')(`is taken as a whole as amzn-nova-forge takes it${skipped}`, async () => {
    const sets = GOOD.flatMap((one) => GOOD.map((other) => [one, one, other].map(lineOf)));
    const { sets: theirs } = askSdks({ sets });
    for (const [i, lines] of sets.entries()) {
      const taken = !Object.values(await levelsOf(lines)).includes('failed');
      expect([lines, taken]).toEqual([lines, theirs[i] === null]);
    }
  });
});
