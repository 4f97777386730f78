import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluationSummarySchema, type EvaluationSummary } from '@touchstone/spec';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { answeredBy, killedEvery, lengthJudge, running } from './small-run.testing.js';

let endpoint: ProviderServer;
let run = '';
const root = mkdtempSync(join(tmpdir(), 'touchstone-eval-killed-'));
beforeAll(async () => {
  endpoint = await startProvider({
    // A model answers with as many letters as its name says, and more to later tasks; the judge counts them.
    respond: (asked) =>
      asked.model.startsWith('letters-')
        ? 'x'.repeat(Number(asked.model.slice(8)) + Number(/\d+/.exec(asked.prompt)![0]))
        : lengthJudge(asked),
    sampleOf: ({ model, prompt, request }) => JSON.stringify([run, model, prompt, request.seed]),
  });
});
afterAll(async () => {
  await endpoint.goDown();
  rmSync(root, { recursive: true, force: true });
});

function prepared(name: string): string {
  const folder = mkdtempSync(join(root, `${name}-`));
  const asked = { base_url: endpoint.url, concurrency: 1, attempts: 2 };
  const judge = {
    ...asked,
    structured_output: 'prompt',
    objective: 'Judge the answer.',
    criteria: [
      { name: 'Length', question: 'How long?', scale: 'graded', anchors: { 1: 'short', 5: 'long' } },
    ],
  };
  const model = (letters: number): object => ({ ...asked, model: `openai-compatible:letters-${letters}` });
  const config = {
    data: { eval: 'eval.jsonl' },
    judge: { ...judge, model: 'openai-compatible:judge' },
    heldout_judge: { ...judge, model: 'openai-compatible:other' },
    evaluation: { best_of: 1, judge_variants: true, models: { a: model(1), b: model(2) } },
  };
  writeFileSync(join(folder, 'touchstone.yaml'), stringify(config));
  const tasks = [1, 2, 3].map((n) => `${JSON.stringify({ id: `t${n}`, prompt: `Write ${n}.` })}\n`);
  writeFileSync(join(folder, 'eval.jsonl'), tasks.join(''));
  return folder;
}

const answered = (): number => answeredBy(endpoint);
const summaryOf = (folder: string): EvaluationSummary =>
  evaluationSummarySchema.parse(
    JSON.parse(readFileSync(join(folder, 'runs/touchstone-eval/evaluation.json'), 'utf8')),
  );

it('killed again and again, it ends the same and pays for nothing twice', { timeout: 240_000 }, async () => {
  run = 'straight';
  const straight = prepared('straight');
  const first = await running('eval', straight).ended;
  if (first.code !== 0) throw new Error(first.err);
  const needed = answered();
  // Two models, three tasks: answers, the judge and its variants, and the held-out judge.
  expect(needed).toBeGreaterThanOrEqual(6 * 4);

  run = 'killed';
  const folder = prepared('killed');
  const kills = await killedEvery(9, endpoint, () => running('eval', folder));
  expect(kills.length).toBeGreaterThan(2);
  expect(endpoint.provider.ledger.counts.redundant).toBe(0);
  expect(answered()).toBe(2 * needed);
  const [a, b] = [straight, folder].map((one) => ({ ...summaryOf(one), created: '', digest: '' }));
  expect(b).toEqual(a);
  expect(a!.metrics).toContain('judge (other-scale)');
});
