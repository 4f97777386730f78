import { judgeFinding } from '@touchstone/testing';
import { expect, it } from 'vitest';
import { PLAIN_PROMPT } from './rubric.mjs';
import { makeSamples } from './samples.mjs';

it('the rule that stands in for a judge judges every sample as its truth is', () => {
  for (const { id, document, response, truth } of makeSamples(200, 3, undefined, 4)) {
    const prompt = PLAIN_PROMPT.replace('{{document}}', () => document).replace(
      '{{response}}',
      () => response,
    );
    const { sample, grounded, actionable } = judgeFinding(prompt);
    expect({ sample, grounded, actionable }).toEqual({ sample: id, ...truth });
  }
});
