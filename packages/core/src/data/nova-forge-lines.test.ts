import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readTasks } from './read-tasks.js';
import { parseTaskLine } from './task-line.js';

const folder = join(process.env['TOUCHSTONE_DATA'] ?? '', 'nova_forge_rft');
const missing = !existsSync(join(folder, 'rft_test_data.jsonl'));
const why = missing ? ' (skipped: TOUCHSTONE_DATA does not point to a folder with nova_forge_rft)' : '';

/** Every line of the samples: accepted ('ok'), or what is said of it. */
const EXPECTED: Record<string, readonly string[]> = {
  'rft_test_data.jsonl': Array.from({ length: 10 }, () => 'ok'),
  'unstructured_rft_data.jsonl': Array.from({ length: 5 }, () => 'ok'),
  'rft_multiturn_valid_flat.jsonl': Array.from({ length: 5 }, () => 'ok'),
  'rft_multiturn_valid_minimal.jsonl': Array.from({ length: 5 }, () => 'ok'),
  'rft_multiturn_valid_nested.jsonl': Array.from({ length: 5 }, () => 'ok'),
  'rft_multiturn_valid_openai.jsonl': Array.from({ length: 5 }, () => 'ok'),
  // Its second line is like those of the valid files.
  'rft_multiturn_invalid_empty_prompt.jsonl': ['prompt[0].content: expected text that is not blank', 'ok'],
  'rft_multiturn_invalid_info_string.jsonl': ['info: expected an object', 'info: expected an object'],
  'rft_multiturn_invalid_missing_id.jsonl': ['id: expected a text', 'id: expected a text'],
  'rft_multiturn_invalid_missing_prompt.jsonl': [
    'messages: expected a list of turns, got nothing',
    'messages: expected a list of turns, got nothing',
  ],
  'rft_multiturn_invalid_openai_role.jsonl': [
    'prompt[0].role: expected system, user or assistant',
    'prompt[0].role: expected system, user or assistant',
  ],
};

describe.skipIf(missing)(`the samples of the Nova Forge SDK, line by line${why}`, () => {
  it.each(Object.entries(EXPECTED))('%s', (file, expected) => {
    const lines = readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
    expect(lines).toHaveLength(expected.length);
    lines.forEach((line, i) => {
      const parsed = parseTaskLine(JSON.parse(line));
      if (expected[i] === 'ok') expect(parsed).toHaveProperty('value');
      else expect('problems' in parsed ? parsed.problems.join('; ') : 'ok').toContain(expected[i]);
    });
  });

  it('the single-turn samples repeat one task, which is read once', async () => {
    for (const name of ['rft_test_data.jsonl', 'unstructured_rft_data.jsonl']) {
      const { tasks, problems } = await readTasks(join(folder, name));
      expect(tasks).toHaveLength(1);
      expect(tasks[0]?.messages.map(({ role }) => role)).toEqual(['system', 'user']);
      expect(tasks[0]?.reference).toEqual({ donor_bond_counts: 2, acceptor_bond_counts: 4 });
      expect(problems.every(({ message }) => message.includes('already on line 1'))).toBe(true);
    }
  });
});
