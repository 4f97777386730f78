import { ALGORITHMS } from '@touchstone/run';
import { expect, it } from 'vitest';
import { ARTICLE } from '../aws/recipes/job.testing.js';
import { explain } from './explain.js';

it('says of a setting what it does here and what it is on Nova', () => {
  const [found, ...more] = explain(['clip_high']);
  expect(more).toEqual([]);
  expect(found).toMatchObject({ name: 'training.clip_high', kind: 'setting' });
  expect(found!.about).toMatch(/ratio is clipped at 1 \+ clip_high/);
  expect(found!.here).toMatch(
    /0\.28 \(grpo, dapo\).*0\.0004 \(gspo\).*Only with grpo, dr-grpo, dapo, rloo, gspo/,
  );
  expect(found!.nova).toMatch(
    /clip_ratio_high: HyperPod's recipe: training_config\.trainer\.clip_ratio_high, default 0\.2/,
  );
});

it("says of each of the article's names what it does here and on Nova", () => {
  for (const name of Object.keys(ARTICLE)) {
    const found = explain([name]).find(({ kind }) => kind === 'aws');
    expect(found, name).toBeDefined();
    for (const text of [found!.about, found!.here, found!.nova]) expect(text, name).not.toBe('');
  }
  expect(explain(['proc_num'])[0]).toMatchObject({
    here: expect.stringMatching(/^No effect; the judge is asked by one process/) as string,
    nova: expect.stringContaining('only two articles of AWS name it') as string,
  });
});

it('knows everything that can be set, and every algorithm', () => {
  const names = explain([]).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['training.sft.patience', 'policy.max_tokens', 'loss_scale']));
  for (const { name } of ALGORITHMS) expect(explain([name])[0]).toMatchObject({ kind: 'algorithm' });
  for (const { about, name } of explain([])) expect(about, name).not.toBe('');
});

it('knows every setting of a judge once, and what is measured of it', () => {
  for (const [name, path] of [
    ['inputs', 'judge.inputs'],
    ['objective', 'judge.objective'],
    ['veto', 'judge.criteria.veto'],
    ['fallbacks', 'judge.fallbacks'],
    ['judge_weight', 'reward.judge_weight'],
    ['label_kappa', 'label_kappa'],
    ['attack_rate', 'attack_rate'],
  ] as const)
    expect(
      explain([name]).map((one) => one.name),
      name,
    ).toEqual([path]);
  expect(explain(['budget']).map(({ name }) => name)).toEqual(['policy.calls.budget', 'judge.budget']);
  expect(explain(['judge.inputs'])).toHaveLength(1);
});

it('refuses what is not known, with what was perhaps meant', () => {
  expect(() => explain(['clip_hihg'])).toThrow(
    /no setting, finding, algorithm or key of AWS called "clip_hihg": did you mean "clip_high"\?/,
  );
  expect(() => explain(['age_tolerence'])).toThrow(/did you mean "age_tolerance"\?/);
  expect(() => explain(['zzzzzzzzzz'])).toThrow(/touchstone explain lists all/);
});
