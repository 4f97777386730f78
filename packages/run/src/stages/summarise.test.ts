import { createDispatcher, judgeSchema, openJudge } from '@touchstone/core';
import { openRun } from '@touchstone/store';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeTotals } from './summarise.js';

test('what a judge cost has in it what it was asked in other ways', async () => {
  const config = judgeSchema.parse({
    model: 'openai-compatible:m',
    base_url: 'http://127.0.0.1:1/v1',
    unit: 'answer',
    objective: 'Judge an answer.',
    criteria: ['Right', 'Short'].map((name) => ({ name, question: `Is it ${name}?` })),
    price: { input: 1, output: 10 },
  });
  const model = {
    id: 'm',
    version: '1',
    structuredOutput: false,
    generate: () => Promise.reject(new Error('nobody is asked')),
  };
  const dispatcher = createDispatcher({ concurrency: 1, timeout_seconds: 1, attempts: 1, seed: 1 });
  const judge = await openJudge(config, {
    seed: 1,
    baseDir: '.',
    open: () => Promise.resolve({ model, fallbacks: [], dispatcher }),
  });
  const store = openRun(mkdtempSync(join(tmpdir(), 'totals-')));
  const reply = { text: 'r', finish: 'stop' as const, inputTokens: 1000, outputTokens: 100 };
  const ways = (judge.variants?.() ?? []).map((variant) => variant.judge.fingerprint);
  expect(ways.length).toBeGreaterThan(1);
  for (const asked of [judge.fingerprint, ...ways, 'another']) store.put(`${asked}-0`, reply);
  const calls = 1 + ways.length;
  expect(judgeTotals(store, judge)).toMatchObject({ calls, inputTokens: 1000 * calls });
  expect(judgeTotals(store, judge).money).toBeCloseTo(0.002 * calls, 12);
  store.close();
});
