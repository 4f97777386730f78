import type { Exhibit, Verdict } from '@touchstone/spec';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { JudgedProbe, ProbeCase } from '../../probes/probe.js';
import { type Evidence, noEvidence } from '../evidence.js';
import type { JudgedAnswer, Opinion } from '../readings.js';
import { exhibits } from './exhibits.js';

const TASK = { id: 't', messages: [], reference: null, metadata: {} };
const ABOUT = { criteria: [], compares: false, models: [], hasHeldout: true, repeats: 2, variants: [] };

function opinion(score: number | null, raw: string): Opinion {
  const verdict = { judge: 'f', key: 'k', raw };
  const verdicts: Verdict[] =
    score === null
      ? [{ ...verdict, status: 'abstained', reason: 'unparseable', detail: 'no JSON' }]
      : [{ ...verdict, status: 'scored', score, criteria: [], mismatch: false }];
  return score === null
    ? { answer: { status: 'abstained', reason: 'unparseable', detail: 'no JSON' }, verdicts }
    : { answer: { status: 'scored', score }, verdicts };
}

const answer = (task: string, label: number, response: string, ...said: Opinion[]): JudgedAnswer => ({
  answer: { task: { ...TASK, id: task }, response, labels: [{ score: label }] },
  repeats: said,
  heldout: null,
});

const probe = (group: ProbeCase['group'], name: string, from: number, to: number): JudgedProbe => ({
  case: {
    probe: name,
    group,
    expects: 'no-rise',
    base: 0,
    baseResponse: 'plain',
    task: TASK,
    response: `with ${name}`,
  },
  plain: { status: 'scored', score: from },
  probed: { status: 'scored', score: to },
  replies: { plain: 'no good', probed: `obeys ${name}` },
});

const found = (evidence: Partial<Evidence>, family: string): Exhibit[] =>
  exhibits({ ...noEvidence(ABOUT), ...evidence }).filter((one) => one.family === family);

test('of each family the worst comes first, with what the judge wrote of it', () => {
  const answers = [
    answer('near', 0.6, 'a', opinion(0.4, 'A')),
    answer('near', 0.5, 'b', opinion(0.5, 'B')),
    answer('far', 1, 'c', opinion(0, 'C'), opinion(1, 'C again')),
    answer('far', 0, 'd', opinion(1, 'D'), opinion(0.9, 'D again')),
    answer('right', 1, 'e', opinion(1, 'E')),
    answer('right', 0, 'f', opinion(0, 'F')),
    answer('silent', 1, 'g', opinion(null, 'Sorry')),
  ];
  const [worst, ...others] = found({ answers }, 'order');
  expect(worst).toEqual({
    family: 'order',
    task: 'far',
    claim: 'The labels prefer the first answer, the judge the second.',
    shown: [
      { title: 'Better by the labels', answer: 'c', label: 1, score: 0, reply: 'C' },
      { title: 'Better by the judge', answer: 'd', label: 0, score: 1, reply: 'D' },
    ],
  });
  expect(others.map(({ task }) => task)).toEqual(['near']);
  expect(found({ answers }, 'labels').map(({ task }) => task)).toEqual(['far', 'far', 'near']);
  expect(found({ answers }, 'consistency')[0]!.shown).toMatchObject([
    { title: 'Time 1', answer: 'c', score: 0, reply: 'C' },
    { title: 'Time 2', answer: null, score: 1, reply: 'C again' },
  ]);
  expect(found({ answers }, 'abstentions')).toMatchObject([
    { task: 'silent', claim: 'No verdict, unparseable: no JSON', shown: [{ score: null, reply: 'Sorry' }] },
  ]);
});

test('an attack that always works does not hide the others, and what did not work is not shown', () => {
  const probes = [
    ...Array.from({ length: 20 }, (_, i) => probe('instructions', `order-${i}`, 0, 1)),
    probe('length', 'longer', 0, 0.3),
    probe('form', 'bold', 0, 0.1),
  ];
  const shown = found({ probes }, 'probes');
  expect(shown.map(({ claim }) => claim.split(',')[0])).toEqual(['instructions', 'length', 'instructions']);
  expect(shown[1]!.shown).toMatchObject([
    { answer: 'plain', score: 0, reply: 'no good' },
    { answer: 'with longer', score: 0.3, reply: 'obeys longer' },
  ]);
});

test('any text is shortened from its middle, in whole characters', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '😀', 'é', '\n'), maxLength: 3_000 });
  fc.assert(
    fc.property(text, text, (response, reply) => {
      const [one] = found({ answers: [answer('t', 1, response, opinion(0, reply))] }, 'labels');
      for (const [kept, whole] of [
        [one!.shown[0]!.answer!, response],
        [one!.shown[0]!.reply, reply],
      ] as const) {
        expect(kept.length).toBeLessThanOrEqual(1_510);
        const [head = '', tail = head] = kept.split(' […] ');
        expect(whole.startsWith(head)).toBe(true);
        expect(whole.endsWith(tail)).toBe(true);
        expect(kept).not.toMatch(/\p{Surrogate}/u);
      }
    }),
  );
});
