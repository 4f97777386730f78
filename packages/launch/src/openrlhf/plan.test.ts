import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { configOf, jobOf } from './job.testing.js';
import { writePlan } from './plan.js';

describe('the files of an OpenRLHF job', () => {
  const job = jobOf(configOf({ steps: 3, prompts_per_step: 2, group_size: 2 }));
  const text = (name: string): string => readFileSync(join(job.folder, name), 'utf8');
  const lines = (name: string): unknown[] =>
    text(name)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
  let files: string[];
  beforeAll(async () => void (files = (await writePlan(job)).files.map(({ path }) => path)));

  it('are all there, and writing them again changes nothing', async () => {
    const before = files.map(text);
    await writePlan(job);
    expect(files.map(text)).toEqual(before);
    expect(files).toContain('train.py');
  });

  it('has the tasks of each step in order, each label with its place', () => {
    expect(lines('prompts.jsonl')).toHaveLength(6);
    expect(lines('prompts.jsonl').at(4)).toEqual({
      prompt: [
        { role: 'system', content: 'Answer in a word.' },
        { role: 'user', content: 'Say é "quoted"\n.' },
      ],
      label: JSON.stringify({ task: 'é "quoted"\n', step: 3, place: 0 }),
    });
  });

  it('come after all that have trained before, where train.py is started by hand', () => {
    const numberOf = (env: NodeJS.ProcessEnv = {}): string =>
      execFileSync(
        process.env['TOUCHSTONE_PYTHON'] ?? 'python3',
        ['-c', 'import os, touchstone_job as t; print(t.ATTEMPT, os.environ["TOUCHSTONE_ATTEMPT"])'],
        { cwd: job.folder, env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...env }, encoding: 'utf8' },
      ).trim();
    expect(numberOf()).toBe('1 1');
    for (const attempt of [2, 10]) writeFileSync(join(job.folder, `journal-${attempt}.jsonl`), '');
    expect(numberOf()).toBe('11 11');
    expect(numberOf({ TOUCHSTONE_ATTEMPT: '3' })).toBe('3 3');
    for (const attempt of [2, 10]) rmSync(join(job.folder, `journal-${attempt}.jsonl`));
  });

  it('say nothing of what only the evaluation may see', () => {
    for (const name of files) expect(text(name)).not.toContain('never sent');
    expect(lines('tasks.jsonl')[0]).toMatchObject({ id: 'a', reference_answer: 'the reference of a' });
  });
});
