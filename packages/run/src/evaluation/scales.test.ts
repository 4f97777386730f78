import { expect, it } from 'vitest';
import type { ReadModel } from './read-known.js';
import { zeroToOne } from './scales.js';

type Answer = ReadModel['lists'][number]['answers'][number];
const model = (...answers: Pick<Answer, 'scores' | 'scales'>[]): ReadModel => ({
  name: 'a',
  fingerprint: '',
  lists: [{ seed: null, answers: answers.map((one) => ({ ...one }) as Answer) }],
});
const ON_AZURE = { coherence: [1, 5] as [number, number] };

it('brings a grader to 0 to 1 by the scale that its answers name, and refuses two scales under one name', () => {
  const azure = { scores: { coherence: 4 }, scales: ON_AZURE };
  expect(zeroToOne([model(azure, { scores: { coherence: null } })], {})(azure.scores)).toEqual({
    coherence: 0.75,
  });
  const own = { scores: { coherence: 1 } };
  expect(zeroToOne([model(own)], {})(own.scores)).toEqual({ coherence: 1 });
  for (const both of [
    [azure, own],
    [own, azure],
  ])
    expect(() => zeroToOne([model(both[0]!), model(both[1]!)], {})).toThrow(
      /"coherence" gives scores on two scales/,
    );
  expect(zeroToOne([model(azure), model(own)], { scales: ON_AZURE })(own.scores)).toEqual({ coherence: 0 });
});
