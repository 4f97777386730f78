import type { ModelReply, TokenLogprob } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessTo, groupOf, judgeSimulator } from '@touchstone/testing';
import { parseReply } from '../parse.js';
import { rubricSchema } from './schema.js';
import { weighByLogprobs } from './logprobs.js';
import { RubricJudge } from './rubric.js';

const config = rubricSchema.parse({
  model: 'local:j',
  objective: 'x',
  criteria: [
    { name: 'Good', question: '?', scale: 'graded', anchors: { 1: 'no', 5: 'yes' } },
    { name: 'Safe', question: '?' },
  ],
  logprobs: 5,
});
const { criteria } = config;
const marker = 'mmmm1111';
const ln = (p: number): number => Math.log(p);

/** A reply written in tokens; `[text, {other: p, …}]` has the alternatives of a token. */
function reply(parts: readonly (string | readonly [string, Record<string, number>])[]): ModelReply {
  const logprobs = parts.map((part): TokenLogprob => {
    if (typeof part === 'string') return { token: part, logprob: -0.01, alternatives: [] };
    const [token, all] = part;
    const alternatives = Object.entries(all).map(([text, p]) => ({ token: text, logprob: ln(p) }));
    return { token, logprob: ln(all[token]!), alternatives };
  });
  const text = logprobs.map(({ token }) => token).join('');
  return { text, finish: 'stop', inputTokens: 1, outputTokens: 1, logprobs };
}
const head = `{"id":"${marker}","verdicts":[{"criterion":"Good","evidence":"it says \\"score\\":5","reason":"r","score":`;
const middle = `},{"criterion":"Safe","evidence":"","reason":"","score":`;
const usual = reply([
  head,
  ['4', { 4: 0.6, 5: 0.2, 2: 0.1, x: 0.1 }],
  middle,
  ['true', { true: 0.7, false: 0.3 }],
  '}]}',
]);
const weigh = (said: ModelReply) => {
  const parsed = parseReply(said.text, { marker, criteria });
  if ('problem' in parsed) throw new Error(parsed.problem);
  return weighByLogprobs(parsed.criteria, criteria, said, marker);
};

describe('scores weighed by log-probabilities', () => {
  it('are the expected value over the alternatives on the scale, with the entropy; the written value stays', () => {
    const { verdicts, note } = weigh(usual);
    // (4·0.6 + 5·0.2 + 2·0.1) / 0.9 = 4, as (4 − 1) / 4.
    expect(verdicts[0]!.value).toBe(4);
    expect(verdicts[0]!.score).toBeCloseTo(0.75, 12);
    const shares = [6 / 9, 2 / 9, 1 / 9];
    const entropy = -shares.reduce((sum, p) => sum + p * Math.log(p), 0) / Math.log(5);
    expect(verdicts[0]!.entropy).toBeCloseTo(entropy, 12);
    expect(verdicts[1]!.score).toBeCloseTo(0.7, 12);
    expect(note).toBeUndefined();
  });

  it.each([
    [
      'a token with what is before the score',
      reply([head.slice(0, -1), [':4', { ':4': 0.5, ':2': 0.5, ' 9': 0.1 }], middle, 'true', '}]}']),
      0.5,
    ],
    [
      'a token with what is after it',
      reply([head, ['4}', { '4}': 0.75, '5': 0.25 }], middle.slice(1), 'true', '}]}']),
      0.8125,
    ],
    [
      'thinking before the text',
      { ...usual, logprobs: [{ token: 'hm 5', logprob: 0, alternatives: [] }, ...usual.logprobs!] },
      0.75,
    ],
    [
      'the chosen token missing from its alternatives',
      reply([head, ['4', { 4: 0.8 }], middle, 'true', '}]}']),
      0.75,
    ],
  ])('are found in %s', (_, said, expected) => {
    const { verdicts, note } = weigh(said);
    expect(verdicts[0]!.score).toBeCloseTo(expected, 12);
    expect(note).toBeUndefined();
  });

  it.each([
    [
      'there are none',
      { ...usual, logprobs: [] },
      'written scores count: the provider gave no log-probabilities',
    ],
    [
      'they are of another text',
      { ...usual, logprobs: usual.logprobs!.slice(1) },
      'written scores count: the tokens are not those of the reply',
    ],
    [
      'most of the probability is off the scale',
      reply([head, ['4', { 4: 0.3, maybe: 0.7 }], middle, 'true', '}]}']),
      'written scores count for Good: no usable log-probabilities',
    ],
  ])('are the written ones where %s, and the verdict says so', (_, said, note) => {
    const weighed = weigh(said);
    expect(weighed.note).toBe(note);
    expect(weighed.verdicts[0]).toMatchObject({ value: 4, score: 0.75 });
  });

  it('stay on the scale whatever the tokens are', () => {
    const alternative = fc.tuple(
      fc.constantFrom('1', '4', '5', ' 5', '55', 't', 'true', 'fa', '-1', '{"score":5', ''),
      fc.double({ min: -30, max: 0, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(alternative, { maxLength: 20 }), fc.nat(300), fc.nat(300), (list, a, b) => {
        const { text } = usual;
        const cuts = [0, Math.min(a, b), Math.max(a, b), text.length];
        const logprobs = cuts.slice(1).map((end, i) => ({
          token: text.slice(cuts[i], end),
          logprob: -1,
          alternatives: list.map(([token, logprob]) => ({ token, logprob })),
        }));
        for (const { score, entropy = 0 } of weigh({ ...usual, logprobs }).verdicts) {
          expect(score >= 0 && score <= 1 && entropy >= 0 && entropy <= 1).toBe(true);
        }
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it('are asked for, and reach the verdict', async () => {
    const simulated = judgeSimulator(({ id }) => ({
      whole: JSON.parse(JSON.stringify(usual).replaceAll(marker, id)) as ModelReply,
    }));
    const judge = new RubricJudge(config, accessTo(simulated.model), 1);
    const [judgement] = await judge.judge(groupOf('x'));
    expect(simulated.requests[0]!.logprobs).toBe(5);
    expect(judgement!.answer.status === 'scored' && judgement!.answer.score).toBeCloseTo(
      (0.75 + 0.7) / 2,
      12,
    );
  });
});
