import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainingsSummarySchema, type TrainingsSummary } from '@touchstone/spec';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lengthJudge, smallRun, summaryOf, TIMEOUT_MS, train, training } from './small-run.testing.js';

const allOf = (folder: string): TrainingsSummary =>
  trainingsSummarySchema.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')));

describe('touchstone run --seeds', { timeout: TIMEOUT_MS }, () => {
  let endpoint: ProviderServer;
  beforeAll(
    async () =>
      (endpoint = await startProvider({
        respond: lengthJudge,
        sampleOf: ({ model, prompt, request }) => JSON.stringify([model, prompt, request.seed]),
      })),
  );
  afterAll(() => endpoint.goDown());

  it('killed between two trainings and run again, it examines and pays once, and says what holds over both', async () => {
    const folder = await smallRun(endpoint.url);
    const { child, ended } = training(folder, '--seeds', '2');
    let told = '';
    child.stderr.on('data', (data: Buffer) => {
      told += data.toString();
      if (/^seed 1: finished$/m.test(told)) child.kill('SIGKILL');
    });
    expect(await ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect([summaryOf(join(folder, 'seed-1')).seed, existsSync(join(folder, 'summary.json'))]).toEqual([
      1,
      false,
    ]);

    const { code, out, err } = await train(folder, '--seeds', '1,2');
    expect(code).toBe(0);
    expect(err).not.toMatch(/Examine the judge|Evaluate base/);
    expect(err).toMatch(/^seed 1: finished$[\s\S]*7 of 10, seed 2, Reinforcement[\s\S]*^seed 2: finished$/m);
    expect(out).toMatch(
      /RFT − SFT, seed 2 [\s\S]*over 2 trainings and 3 held-out tasks[\s\S]*^Over 2 trainings on 3 tasks [^\n]*RFT[^\n]*$[\s\S]*Report: \S+report\.html/m,
    );
    // Every question of examination, base and trainings: each was answered once, whatever was asked again.
    const { useful, redundant } = endpoint.provider.ledger.counts;
    const { judge, trainings } = allOf(folder);
    expect(redundant).toBe(0);
    // Of the held-out judge the summary does not say what it cost.
    expect(judge.calls).toBeLessThan(useful);
    const paid = trainings.map(({ folder: own }) => summaryOf(join(folder, own)).judge.calls);
    expect(judge.calls).toBeGreaterThan(paid[0]! + paid[1]!);
    expect(paid.every((calls) => calls > 0)).toBe(true);
    const again = await train(folder, '--seeds', '2', '--json');
    expect(JSON.parse(again.out)).toEqual({
      summary: join(folder, 'summary.json'),
      report: join(folder, 'report.html'),
      trainings: [1, 2].map((seed) => ({
        seed,
        summary: join(folder, `seed-${seed}/summary.json`),
        report: join(folder, `seed-${seed}/report.html`),
      })),
    });
    for (const at of ['', 'seed-1', 'seed-2'])
      expect(readFileSync(join(folder, at, 'report.html'), 'utf8')).toContain('<!doctype html>');
  });
});
