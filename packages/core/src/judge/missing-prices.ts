import type { ModelConfig } from '../providers/schema.js';
import type { ModelCallsConfig } from './asking-judge.js';

/** What a budget of money lacks: the price of each model that it pays for, by the model's place in the judge's configuration. */
export function missingPrices(config: ModelCallsConfig): { path: (string | number)[]; message: string }[] {
  if (config.budget?.money === undefined) return [];
  const models: { path: (string | number)[]; model: ModelConfig }[] = [
    { path: [], model: config },
    ...config.fallbacks.map((model, i) => ({ path: ['fallbacks', i], model })),
  ];
  return models
    .filter(({ model: { price } }) => price === undefined)
    .map(({ path, model }) => ({
      path,
      message:
        `budget.money needs the price of ${model.model}, for example price: { input: 0.4, output: 1.6 }, ` +
        'dollars per million tokens; each fallback has its own',
    }));
}
