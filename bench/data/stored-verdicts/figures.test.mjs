import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, describe, it } from 'vitest';
import { storedVerdicts } from './figures.mjs';

const data = process.env.TOUCHSTONE_DATA ?? '';
const sets = ['llmbar', 'pandalm', 'judge_bench_20'];
const missing = data === '' || sets.some((name) => !existsSync(path.join(data, name)));
const why = missing ? ` (skipped: TOUCHSTONE_DATA does not point to a folder with ${sets.join(', ')})` : '';

describe.skipIf(missing)(`published verdicts through the product's statistics${why}`, () => {
  const figures = missing ? undefined : storedVerdicts(data);
  const to = (digits, estimate) => Number(estimate.mean.toFixed(digits));
  const within = ({ mean, low, high, n }) => n > 0 && low <= mean && mean <= high && low < high;

  it('give LLMBar’s judges the figures that were counted by hand', () => {
    const table = figures.llmbar.map(({ judge, prompt, order_consistency, accuracy, first_slot_share }) => [
      judge,
      prompt,
      order_consistency.n,
      to(3, order_consistency),
      to(3, accuracy),
      to(3, first_slot_share),
    ]);
    expect(table).toEqual([
      ['GPT-4', 'Vanilla', 419, 0.928, 0.845, 0.512],
      ['GPT-4', 'CoT', 419, 0.893, 0.813, 0.523],
      ['ChatGPT', 'Vanilla', 419, 0.659, 0.4, 0.647],
      ['ChatGPT', 'CoT', 414, 0.589, 0.403, 0.698],
      ['PaLM2', 'Vanilla', 415, 0.723, 0.705, 0.561],
      ['PaLM2', 'CoT', 414, 0.464, 0.589, 0.756],
      ['LLaMA2', 'Swap', 415, 0.588, 0.473, 0.67],
      ['Falcon', 'Swap', 416, 0.127, 0.523, 0.934],
    ]);
    const estimates = figures.llmbar.flatMap((row) =>
      Object.values(row).filter((one) => one.mean !== undefined),
    );
    expect(estimates.every(within)).toBe(true);
  });

  it('read PandaLM’s judges against its people', () => {
    const { pandalm } = figures;
    expect(pandalm.human_kappa.map((kappa) => to(2, kappa))).toEqual([0.85, 0.88, 0.86]);
    const gpt = pandalm['gpt-3.5-turbo'];
    expect([gpt.accuracy_of_readable.n, to(4, gpt.accuracy_of_readable)]).toEqual([974, 0.7156]);
    expect([gpt.accuracy_of_all.n, to(4, gpt.accuracy_of_all)]).toEqual([999, 0.6977]);
    expect([gpt.kappa.n, to(4, gpt.kappa)]).toEqual([974, 0.4929]);
    const panda = pandalm['pandalm-7b'];
    expect([to(4, panda.accuracy_of_all), to(4, panda.kappa), panda.kappa.n]).toEqual([0.6677, 0.4354, 999]);
    expect([panda.kappa.low, panda.kappa.high].map((end) => end.toFixed(2))).toEqual(['0.39', '0.48']);
    const noTies = pandalm['gpt-3.5-turbo, its ties left out'].kappa;
    expect([noTies.n, to(2, noTies)]).toEqual([936, 0.52]);
    expect([noTies.low, noTies.high].map((end) => end.toFixed(2))).toEqual(['0.47', '0.57']);
    const two = pandalm['errors, ties of gpt-3.5-turbo left out'];
    expect([two.correlation.n, to(2, two.correlation), to(1, two.effective_judges)]).toEqual([
      936, 0.41, 1.4,
    ]);
    expect([pandalm.errors.correlation.n, to(2, pandalm.errors.correlation)]).toEqual([974, 0.4]);
    expect([two, pandalm.errors].flatMap(Object.values).every(within)).toBe(true);
  });

  it('give Newsroom’s ratings the published ordinal α', () => {
    expect(
      Object.fromEntries(Object.entries(figures.newsroom).map(([name, alpha]) => [name, to(6, alpha)])),
    ).toEqual({
      Informativeness: 0.284873,
      Relevance: 0.115121,
      Fluency: -0.015808,
      Coherence: 0.064972,
    });
  });
});
