import { SIMULATED_JUDGES } from '@touchstone/quickstart';
import { expect, test } from 'vitest';
import { examineSimulated, isRight } from './examine.mjs';

test.each(['contract-review', 'helpfulness', 'faithfulness', 'preference'])(
  'the default gate lets a good judge of the template %s pass, and stops five broken ones for what is wrong with them',
  async (template) => {
    const judges = Object.keys(SIMULATED_JUDGES);
    const results = await examineSimulated({ template, judges, seed: 1, data: 'balanced' });
    expect(results.filter((one) => !isRight(one))).toEqual([]);
  },
  240_000,
);
