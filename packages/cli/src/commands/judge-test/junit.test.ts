import type { CaseResult } from '@touchstone/lab';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { junitXml } from './junit.js';
import { elementsOf } from './junit.testing.js';

describe('the JUnit file', () => {
  it('is well-formed XML whatever the cases and the judge say', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(']]>', '&#0;', '<!--', '\uD800', '\u0000', '"\'\r\n'),
    );
    const result = fc
      .record({
        id: text,
        why: text,
        tag: text,
        detail: text,
        outcome: fc.constantFrom('held', 'failed', 'abstained'),
      })
      .map(({ id, why, tag, detail, outcome }): CaseResult => ({
        case: {
          task: { id, messages: [], reference: null, metadata: {} },
          kind: 'bad',
          responses: ['x'],
          max: 0.1,
          tags: [tag],
          why,
        },
        outcome: outcome as CaseResult['outcome'],
        repeats: [{ outcome: outcome as CaseResult['outcome'], scores: [0.5], detail }],
      }));
    fc.assert(
      fc.property(text, fc.array(result, { maxLength: 4 }), (name, results) => {
        const names = elementsOf(junitXml(name, results));
        expect(names.filter((one) => one === 'testcase')).toHaveLength(results.length);
      }),
      { numRuns: 500 },
    );
  });
});
