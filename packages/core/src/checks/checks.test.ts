import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkOf, taskWith } from './check.testing.js';

it('never leaves 0–1, whatever the answer', async () => {
  const task = taskWith({ document: 'The document.', text: 'The text.' });
  const compared = { input: '{{response.a}}', reference: '{{metadata.text}}' };
  const checks = [
    { type: 'json', required: ['a', 'b.c'], repaired: 0.5 },
    { type: 'length', min: 3, max: 9, tolerance: 4 },
    { type: 'length', max: 9, cache: 4 },
    { type: 'language' },
    {
      type: 'safety',
      lists: ['prompt-injection', 'secrets', 'personal-data', 'contact-data'],
      phrases: ['a*'],
    },
    { type: 'grounding', quotes: 'a', document: 'metadata.document', min_words: 0, min_similarity: 0.6 },
    { type: 'repetition', words: 2, allow: 0 },
    { type: 'artefacts', tolerance: 3 },
    { type: 'string-check', ...compared, operation: 'ne' },
    ...['fuzzy_match', 'gleu', 'rouge_1', 'rouge_l'].map((metric) => ({
      type: 'text-similarity',
      ...compared,
      metric,
    })),
  ].map((config) => checkOf(config));
  const answer = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc
      .record({ a: fc.oneof(fc.string(), fc.array(fc.string())), b: fc.json() })
      .map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(answer, async (response) => {
      for (const one of checks) {
        const { score } = await one.evaluate({ task, response });
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});
