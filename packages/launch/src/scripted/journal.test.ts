import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { attemptsIn, JournalReader, type JournalLine } from './journal.js';

const answer = { task: 't', text: 'a\u2028b', tokens: 3, finish: 'stop', score: 0.5, reason: '' };
const step = (n: number, more: object = {}) => ({
  run: 'r',
  attempt: 1,
  step: n,
  seconds: 1.5,
  metrics: { loss: 0.1, reward: null, 'something/new': 3 },
  groups: [[answer, { ...answer, score: null, reason: 'timeout: late' }]],
  ...more,
});
const line = (value: object): string => `${JSON.stringify(value)}\n`;

describe('the journal of a job', () => {
  let folder: string;
  let file: string;
  let reader: JournalReader;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'touchstone-journal-'));
    file = join(folder, 'journal-1.jsonl');
    reader = new JournalReader(folder, 'r', 1, 4000);
  });
  const read = async (): Promise<JournalLine[]> => {
    const lines: JournalLine[] = [];
    for await (const one of reader.read()) lines.push(one);
    return lines;
  };

  it('is read as it is written: each line once, and one that is not whole when it is', async () => {
    expect(await read()).toEqual([]);
    const second = line(step(2));
    writeFileSync(file, line(step(1)) + second.slice(0, 40));
    expect(await read()).toEqual([step(1)]);
    expect(await read()).toEqual([]);
    appendFileSync(file, second.slice(40) + line({ run: 'r', attempt: 1, failed: 'why' }));
    expect(await read()).toEqual([step(2), { run: 'r', attempt: 1, failed: 'why' }]);
    expect(await read()).toEqual([]);
  });

  it.each([
    ['a number that is none', line(step(1)).replace('0.1', 'NaN'), /line 2 is no JSON/],
    ['half a line with another behind it', line(step(1)).slice(0, 30) + line(step(1)), /line 2 is no JSON/],
    ['a key that nobody knows', line(step(1, { smoothed: true })), /line 2 is not what train\.py writes/],
    ['a score that is none', line(step(1, { groups: [[{ ...answer, score: 1.5 }]] })), /groups\.0\.0\.score/],
    ['a step that is none', line(step(0)), /line 2 is not what train\.py writes: step/],
    ['a step of another run', line(step(1, { run: 'other' })), /line 2 is of another run; files of two jobs/],
    ['a step of another attempt', line(step(1, { attempt: 2 })), /line 2 is of attempt 2/],
    ['a line that does not end', 'x'.repeat(5000), /line 2 has more than 4000 bytes/],
    ['a line that is too long', `${'x'.repeat(5000)}\n`, /line 2 has more than 4000 bytes/],
    [
      'a checkpoint elsewhere',
      line({ run: 'r', attempt: 1, done: { checkpoint: '../other', files: {}, versions: {} } }),
      /checkpoint/,
    ],
  ])('%s is refused by its line', async (_, text, expected) => {
    writeFileSync(file, line(step(1)) + text);
    await expect(read()).rejects.toThrow(expected);
  });

  it('has a file for each attempt, in their order', async () => {
    for (const name of ['journal-10.jsonl', 'journal-2.jsonl', 'journal-x.jsonl', 'log-3.txt']) {
      writeFileSync(join(folder, name), '');
    }
    expect(await attemptsIn(folder)).toEqual([2, 10]);
  });
});
