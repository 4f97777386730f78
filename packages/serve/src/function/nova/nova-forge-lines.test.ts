import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRewardEvent } from './event.js';

const file = join(process.env['TOUCHSTONE_DATA'] ?? '', 'nova_forge_rft', 'rft_test_data.jsonl');
const missing = !existsSync(file);
const why = missing ? ' (skipped: TOUCHSTONE_DATA does not point to a folder with nova_forge_rft)' : '';

describe.skipIf(missing)(`the samples of the Nova Forge SDK as an event${why}`, () => {
  const lines = missing
    ? []
    : readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as { messages: object[] });

  it('have no answer yet, and no problem: what a check before the training sends', () => {
    const samples = parseRewardEvent(lines);
    expect(samples).toHaveLength(10);
    for (const sample of samples) expect(sample).toMatchObject({ id: 'chem-001', rollout: null });
    for (const sample of samples) expect(sample).not.toHaveProperty('problem');
  });

  it('are rollouts once they are answered', () => {
    const answered = lines.map((line) => ({
      ...line,
      messages: [...line.messages, { role: 'assistant', content: '{}' }],
    }));
    for (const { rollout, problem } of parseRewardEvent(answered)) {
      expect(problem).toBeUndefined();
      expect(rollout).toMatchObject({
        response: '{}',
        task: { reference: { donor_bond_counts: 2, acceptor_bond_counts: 4 } },
      });
    }
  });
});
