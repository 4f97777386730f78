import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CASE_KINDS, parseRegressionLine, type RegressionCase } from './regression.js';

const task = { id: 'limit', question: 'What is the limit?', document: 'The limit is 40 t.' };
const band = { ...task, kind: 'good', response: '40 t', min: 0.8 };
const order = { ...task, kind: 'order', better: '40 t', worse: '4 t' };
const invariance = { ...task, kind: 'invariance', response: '40 t', variant: '40 tonnes' };

function read(line: object): RegressionCase {
  const parsed = parseRegressionLine(line);
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  return parsed.value;
}

function problemsOf(line: object): string[] {
  const parsed = parseRegressionLine(line);
  return 'problems' in parsed ? parsed.problems : [];
}

describe('a line of regression cases', () => {
  it('is a band, an order or an invariance, and the rest of it is the task', () => {
    expect(read(band)).toMatchObject({ kind: 'good', responses: ['40 t'], min: 0.8 });
    expect(read({ ...band, kind: 'incident', min: null, max: 0.3 })).toMatchObject({ max: 0.3 });
    expect(read(order)).toMatchObject({ kind: 'order', responses: ['40 t', '4 t'] });
    expect(read(invariance)).toMatchObject({ responses: ['40 t', '40 tonnes'], tolerance: 0.1 });
    expect(read({ ...invariance, tolerance: 0 }).tolerance).toBe(0);
    // An end that is open says nothing, and beside one that is not it does no harm.
    expect(read({ ...band, min: 0, max: 0.9 })).toMatchObject({ min: 0, max: 0.9 });
    expect(read({ ...band, min: 0.1, max: 1 })).toMatchObject({ min: 0.1, max: 1 });
    expect(read({ ...band, min: 1 })).toMatchObject({ min: 1 });
    expect(read({ ...band, min: null, max: 0 })).toMatchObject({ max: 0 });
    const noted = read({ ...order, critical: true, tags: ['numbers'], why: 'Fined in May.', team: 'fleet' });
    expect(noted).toMatchObject({ critical: true, tags: ['numbers'], why: 'Fined in May.' });
    // Two cases about one task are about one task, whatever is expected of them.
    expect(noted.task).toEqual({ ...read(order).task, metadata: { document: task.document, team: 'fleet' } });
    const unnamed = { kind: 'bad', max: 0.2, response: 'no', question: 'Well?' };
    expect(read(unnamed).task).toEqual(read({ ...unnamed, kind: 'good', why: 'a joke', tags: ['a'] }).task);
  });

  it.each([
    [
      { ...band, kind: 'ugly' },
      'kind: expected good, bad, boundary, incident, order, invariance, got "ugly"',
    ],
    [{ ...band, min: 2 }, 'min: expected a number from 0 to 1, got the number 2'],
    [{ ...task, kind: 'good', response: 'x' }, 'expected min or max, the score (0 to 1)'],
    [{ ...band, max: 0.3 }, 'min 0.8 is above max 0.3'],
    [{ ...band, min: 0 }, 'expected a min above 0 or a max below 1, got min 0: no score is outside'],
    [
      { ...band, min: null, max: 1 },
      'expected a min above 0 or a max below 1, got max 1: no score is outside',
    ],
    [{ ...band, kind: 'boundary', min: 0, max: 1 }, 'got min 0 and max 1: no score is outside'],
    [{ ...band, min: 0, max: 2 }, 'max: expected a number from 0 to 1, got the number 2'],
    [{ ...invariance, tolerance: 1 }, 'tolerance: expected a number below 1, got 1'],
    [{ ...band, response: 4 }, 'response: expected the answer as a string, got the number 4'],
    [{ ...order, worse: undefined }, 'worse: expected the answer as a string, got nothing'],
    [{ ...order, worse: '40 t' }, 'worse: expected another answer than better, got the same'],
    [{ ...invariance, variant: '40 t' }, 'variant: expected another answer than response, got the same'],
    [{ ...invariance, tolerance: -0.1 }, 'tolerance: expected a number from 0 to 1'],
    [
      { ...order, min: 0.5 },
      'min: belongs to a case of kind good, bad, boundary, incident, and this one is order',
    ],
    [{ ...band, tolerance: 0.2 }, 'tolerance: belongs to a case of kind invariance, and this one is good'],
    [{ ...band, worse: 'x' }, 'worse: belongs to a case of kind order, and this one is good'],
    [{ ...band, critical: 'yes' }, 'critical: expected true or false, got a string'],
    [{ ...band, tags: 'numbers' }, 'tags: expected a list of words, got a string'],
    [{ ...band, why: 3 }, 'why: expected a text, got the number 3'],
    [{ ...band, crtical: true }, 'crtical: not a field of a case: did you mean "critical"?'],
    [{ ...band, Max: 1 }, 'Max: not a field of a case: did you mean "max"?'],
    [{ ...band, tag: ['x'] }, 'tag: not a field of a case: did you mean "tags"?'],
    [{ ...invariance, tolerence: 0.5 }, 'tolerence: not a field of a case: did you mean "tolerance"?'],
    [
      { ...band, max_score: 0.9 },
      'max_score: not a field of a case: expected one of kind, critical, tags, why',
    ],
    [{ ...band, severity: 'high' }, 'severity: not a field of a case'],
  ])('says what is wrong with %j', (line, problem) => {
    const problems = problemsOf(line);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('with a field of the task that is called like one of a case says so in metadata', () => {
    expect(read({ ...band, metadata: { threshold: 7, max: 'a' } }).task.metadata).toMatchObject({
      threshold: 7,
      max: 'a',
    });
  });

  it('never throws, and what it reads keeps to its own rules', () => {
    const anything = fc.oneof(
      fc.constantFrom(...CASE_KINDS),
      fc.constantFrom(true, null, 0, 0.5, 1, 2, '', 'text', ['a'], {}),
    );
    const keys = ['id', 'question', 'kind', 'response', 'better', 'worse', 'variant', 'min', 'max'];
    const line = fc.dictionary(fc.constantFrom(...keys, 'tolerance', 'critical', 'tags', 'why'), anything);
    fc.assert(
      fc.property(fc.oneof(line, fc.jsonValue()), (value) => {
        const parsed = parseRegressionLine(value);
        if ('problems' in parsed) return parsed.problems.length > 0;
        const { kind, responses, min, max, tolerance } = parsed.value;
        const isPair = kind === 'order' || kind === 'invariance';
        const isBand = min !== undefined || max !== undefined;
        return (
          responses.length === (isPair ? 2 : 1) &&
          responses[0] !== responses[1] &&
          isBand === !isPair &&
          (tolerance !== undefined) === (kind === 'invariance') &&
          (min ?? 0) <= (max ?? 1) &&
          // Some judge does not hold it.
          (isPair || (min ?? 0) > 0 || (max ?? 1) < 1) &&
          (tolerance ?? 0) < 1
        );
      }),
      { numRuns: 2000 },
    );
  });
});
