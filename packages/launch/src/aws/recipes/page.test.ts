import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { overrideCounterparts } from './counterparts.js';
import { DIFFERENCES } from './differences.testing.js';
import { ARTICLE } from './job.testing.js';
import { articleRows, keyRows } from './page.testing.js';

const page = readFileSync(new URL('../../../../../docs/aws-training.md', import.meta.url), 'utf8');
/** As the formatter leaves a table's row. */
const rowsOfPage = page
  .split('\n')
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|')))
  .map((cells) => cells.slice(1, -1).join(' | '));

it.each([
  ['every key', keyRows()],
  ["what the article's overrides become", articleRows()],
])('docs/aws-training.md has %s', (_, rows) => {
  for (const row of rows) expect(rowsOfPage).toContain(row.join(' | '));
});

it('docs/aws-training.md has every difference from the SDKs', () => {
  for (const { what } of DIFFERENCES) expect(page).toContain(`- ${what}\n`);
});

it('says of each override what it becomes, and where else it is ignored', () => {
  const said = overrideCounterparts('training-job', ARTICLE);
  expect(said).toHaveLength(20);
  const of = (key: string) => said.find(({ setting }) => setting === key)!;
  expect(of('max_steps')).toMatchObject({ value: '516', becomes: 'training_config.trainer.max_steps = 516' });
  expect(of('age_tolerance').becomes).toBeNull();
  expect(of('age_tolerance').note).toContain("ignored by: a training job's recipe");
  expect(of('proc_num').note).toContain('only two articles of AWS name it');
  expect(overrideCounterparts('bedrock', ARTICLE)[2]).toMatchObject({
    setting: 'reasoning_effort',
    becomes: null,
    note: expect.stringMatching(
      /^refused: reasoning_effort is null: expected "low", "medium", "high"/,
    ) as string,
  });
  expect(() => overrideCounterparts('bedrock', { batchSiez: 3 })).toThrow('did you mean batchSize?');
});
