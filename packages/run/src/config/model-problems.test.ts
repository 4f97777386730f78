import { expect, it } from 'vitest';
import { GOOD } from './good.testing.js';
import { parseConfig } from './load.js';
import { modelProblems } from './model-problems.js';

it('a budget of money names each model without a price, at its place', () => {
  const budget = `  budget: { money: 5 }
  fallbacks:
    - model: anthropic:priced
      price: { input: 1, output: 2 }
    - model: anthropic:unpriced
`;
  const { config, source } = parseConfig(`${GOOD}${budget}`, 't.yaml');
  const found = modelProblems(config, source);
  expect(found.map(({ place, message }) => `${place?.line}: ${message}`)).toEqual([
    expect.stringMatching(/^7: judge: budget\.money needs the price of local:models\/judge, .*each fallback/),
    expect.stringMatching(
      /^16: judge\.fallbacks\[1\]: .*anthropic:unpriced, for example price: \{ input: 0\.4, /,
    ),
  ]);
});
