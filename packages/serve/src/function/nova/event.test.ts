import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRewardEvent } from './event.js';

const user = { role: 'user', content: 'Review the contract.' };
const assistant = (content: unknown, role = 'assistant') => ({ role, content });
const parseOne = (sample: unknown) => parseRewardEvent([sample])[0]!;

describe('a reward event', () => {
  it.each([
    ['training', [user, assistant('answer')]],
    [
      'evaluation',
      [
        user,
        assistant(
          [
            { type: 'text', text: 'ans' },
            { type: 'text', text: 'wer' },
          ],
          'nova_assistant',
        ),
      ],
    ],
    ['any case of the role', [user, assistant('answer', 'Assistant')]],
    [
      'other parts',
      [
        user,
        assistant([
          { type: 'image', url: 'x' },
          { type: 'text', text: 'answer' },
        ]),
      ],
    ],
    ['a ground truth before the answer', [user, assistant('truth'), assistant('answer', 'nova_assistant')]],
    ['tool turns', [user, assistant(null), { role: 'tool', content: '42' }, assistant('answer')]],
    [
      'extra keys of a turn',
      [
        { ...user, name: 'n' },
        { ...assistant('answer'), tool_calls: [] },
      ],
    ],
  ])('takes the last assistant turn as the answer: %s', (_, messages) => {
    const { rollout, problem } = parseOne({ id: 's', messages });
    expect(problem).toBeUndefined();
    expect(rollout).toMatchObject({ response: 'answer', task: { id: 's', messages: [user] } });
  });

  it('keeps the history of a conversation in the prompt', () => {
    const history = [user, assistant('first'), { role: 'user', content: 'And the second?' }];
    expect(parseOne({ messages: [...history, assistant('answer')] }).rollout).toMatchObject({
      response: 'answer',
      task: { messages: history },
    });
    // Nothing answers the last question: the lines of a training file, sent as they are.
    expect(parseOne({ messages: history })).toMatchObject({ rollout: null });
    expect(parseOne({ messages: history })).not.toHaveProperty('problem');
  });

  it.each([
    [{ reference_answer: 'top', metadata: { reference_answer: 'nested' } }, 'top'],
    [{ metadata: { reference_answer: 'nested', domain: 'law' } }, 'nested'],
    [{ reference_answer: null, metadata: { reference_answer: 'nested' } }, 'nested'],
    [{ reference_answer: '', metadata: { reference_answer: {} } }, null],
    [{ reference_answer: { text: 'x' }, metadata: null }, { text: 'x' }],
    [{ metadata: { reference_answer: '' } }, null],
  ])('finds the reference of %j', (fields, reference) => {
    const { rollout } = parseOne({ messages: [user, assistant('a')], document: 'd', ...fields });
    expect(rollout?.task.reference).toEqual(reference);
    expect(rollout?.task.metadata).toMatchObject({ document: 'd' });
    expect(rollout?.task.metadata).not.toHaveProperty('reference_answer');
  });

  it('echoes ids, and makes one of the content and the place where there is none', () => {
    const messages = [user, assistant('a')];
    const samples = [{ id: 'x' }, { id: 7 }, { id: '' }, {}, {}, { id: { a: 1 } }].map((s) => ({
      ...s,
      messages,
    }));
    const ids = parseRewardEvent(samples).map(({ id }) => id);
    expect(ids.slice(0, 3)).toEqual(['x', 7, '']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(parseRewardEvent(samples).map(({ id }) => id)).toEqual(ids);
    expect(ids[3]).toMatch(/^task-[0-9a-f]{16}-3$/);
  });

  it('takes one sample without a list, an empty list, and nothing else', () => {
    expect(parseRewardEvent({ id: 'one', messages: [user, assistant('a')] })).toHaveLength(1);
    expect(parseRewardEvent([])).toEqual([]);
    for (const event of [null, 'text', 3, undefined])
      expect(() => parseRewardEvent(event)).toThrow(InputError);
  });

  it('never finds what an object inherits, and never carries a prototype', () => {
    const hostile = JSON.parse(
      '{"id":"s","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"metadata":{"__proto__":{"document":"x"}}}',
    ) as unknown;
    expect(parseOne(hostile)).toMatchObject({
      id: 's',
      rollout: null,
      problem: expect.stringContaining('__proto__'),
    });
    const inherited = Object.create({ id: 'proto', messages: [user, assistant('a')] }) as unknown;
    expect(parseOne(inherited)).toMatchObject({ id: 'sample-0', rollout: null });
  });

  it('reads anything without a crash, one sample each', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
    const turn = fc.oneof(
      fc.record(
        {
          role: fc.constantFrom('user', 'assistant', 'nova_assistant', 'system', 'tool', 'constructor', null),
          content: fc.oneof(
            fc.string(),
            fc.jsonValue(),
            fc.array(fc.record({ type: fc.constant('text'), text: fc.string() })),
          ),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue(),
    );
    const sample = fc.oneof(
      fc.jsonValue(),
      fc.constant(deep),
      fc.constant({ id: 'deep', messages: [user, assistant('a')], metadata: { deep } }),
      fc.record(
        {
          id: fc.jsonValue(),
          messages: fc.oneof(fc.array(turn), fc.jsonValue()),
          metadata: fc.jsonValue(),
          reference_answer: fc.jsonValue(),
          tools: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.array(sample), (event) => {
        const parsed = parseRewardEvent(event);
        expect(parsed).toHaveLength(event.length);
        for (const { id, rollout, group, problem } of parsed) {
          expect(['string', 'number']).toContain(typeof id);
          if (problem !== undefined) expect({ rollout, group }).toEqual({ rollout: null, group: '' });
          else expect(group).not.toBe('');
          if (rollout) expect(rollout.task.messages.at(-1)?.role).not.toBe('assistant');
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
