import type { JsonValue, ScoredVerdict } from '@touchstone/spec';
import { expect, it } from 'vitest';
import { aggregate, aggregateSchema } from './aggregate.js';

const verdict = (score: number): ScoredVerdict => ({
  judge: 'f',
  key: 'k',
  raw: '',
  status: 'scored',
  score,
  criteria: [],
  mismatch: false,
});
const severity = { by: 'weighted-mean', field: 'severity', weights: { high: 6, low: 1 } };
const items: JsonValue[] = [{ severity: 'high' }, { severity: 'low' }, { severity: 1e9 }];

it.each([
  [undefined, [0.2, 0.4, 0.9], 0.5],
  // (6·0.2 + 0.4 + 0.9) / 8: a weight that is not declared counts 1.
  [severity, [0.2, 0.4, 0.9], 0.3125],
  [{ ...severity, otherwise: 3 }, [0.2, 0.4, 0.9], 0.43],
  [{ by: 'min' }, [0.2, 0.4, 0.9], 0.2],
  [{ by: 'all' }, [0.5, 0.9], 1],
  [{ by: 'all', pass: 0.6 }, [0.5, 0.9], 0],
  [{ by: 'at-least', k: 2 }, [0.5, 0.9, 0.1], 1],
  [{ by: 'at-least', k: 3 }, [0.5, 0.9, 0.1], 0],
  [{ by: 'all' }, [], 0],
  [{ by: 'min' }, [], 0],
])('%j of %j is %d', (how, scores, expected) => {
  const answer = aggregate(aggregateSchema.parse(how), scores.map(verdict), items.slice(0, scores.length));
  expect(answer.status === 'scored' && answer.score).toBeCloseTo(expected, 12);
});

it.each(['mean', 'min', 'all'])('%s of items of which one could not be judged is an abstention', (by) => {
  const missing = {
    judge: 'f',
    key: 'k',
    raw: '',
    status: 'abstained',
    reason: 'timeout',
    detail: 'slow',
  } as const;
  expect(aggregate(aggregateSchema.parse({ by }), [verdict(0), missing], [1, 2])).toEqual({
    status: 'abstained',
    reason: 'timeout',
    detail: 'slow',
  });
});

it('does not read weights that an item inherits', () => {
  const how = aggregateSchema.parse({ ...severity, field: 'constructor.name' });
  expect(aggregate(how, [verdict(1), verdict(0)], [{}, {}])).toEqual({ status: 'scored', score: 0.5 });
});
