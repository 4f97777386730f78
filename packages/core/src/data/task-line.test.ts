import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTaskLine } from './task-line.js';

const user = { role: 'user', content: 'Review this.' };
const line = (extra: object): object => ({ messages: [user], ...extra });

function task(value: unknown) {
  const parsed = parseTaskLine(value);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return parsed.value;
}

function problems(value: unknown): string {
  const parsed = parseTaskLine(value);
  return 'problems' in parsed ? parsed.problems.join('; ') : '';
}

describe('a line that is understood', () => {
  it('takes the reference from the top level, then from metadata', () => {
    expect(task(line({ reference_answer: 'a', metadata: { reference_answer: 'b' } })).reference).toBe('a');
    expect(task(line({ metadata: { reference_answer: { text: 'b' } } })).reference).toEqual({ text: 'b' });
    expect(task(line({})).reference).toBeNull();
  });

  it('collects unknown keys and metadata, the top level winning, and never the answers', () => {
    const { metadata, truth } = task(
      line({
        document: 'top',
        truth: [1],
        metadata: { document: 'nested', clause: 3, truth: 2, reference_answer: 'r' },
      }),
    );
    expect(metadata).toEqual({ document: 'top', clause: 3 });
    expect(truth).toEqual([1]);
  });

  it('joins text parts and maps the role names of other vendors', () => {
    const parts = [
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ];
    const messages = [
      { role: 'Developer', content: 'Be brief.' },
      { role: 'USER', content: parts },
      { role: 'bot', content: 'Yes?', tool_calls: null },
      user,
    ];
    expect(task({ messages }).messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'one\ntwo' },
      { role: 'assistant', content: 'Yes?' },
      user,
    ]);
  });

  it('reads the prompt and question spellings', () => {
    const nested = {
      id: 's',
      metadata: { prompt: 'What is 2+2?', answer: '4', task: 'math', info: { level: 1 } },
    };
    expect(task(nested)).toEqual({
      id: 's',
      messages: [{ role: 'user', content: 'What is 2+2?' }],
      reference: '4',
      metadata: { task: 'math', info: { level: 1 } },
    });
    expect(task({ question: 'Q', system: 'S', reference_answer: { n: 1 } }).messages).toEqual([
      { role: 'system', content: 'S' },
      { role: 'user', content: 'Q' },
    ]);
  });

  it('gives a task without an id one that depends on all of its content and nothing else', () => {
    const id = task(line({ reference_answer: 'r' })).id;
    expect(id).toMatch(/^task-[0-9a-f]{16}$/);
    expect(task(line({ id: null, reference_answer: 'r' })).id).toBe(id);
    expect(task(line({ reference_answer: 's' })).id).not.toBe(id);
    expect(task(line({ reference_answer: 'r', document: 'd' })).id).not.toBe(id);
  });
});

describe('a line that is refused', () => {
  it.each([
    ['a list', [], 'expected a JSON object, got an empty list'],
    ['no messages', { id: 'a' }, 'messages: expected a list of turns, got nothing'],
    ['empty messages', { messages: [] }, 'messages: expected a list of at least one turn, got an empty list'],
    [
      'a blank turn',
      { messages: [{ role: 'user', content: ' \n' }] },
      'messages[0].content: expected text that is not blank',
    ],
    ['no user', { messages: [{ role: 'system', content: 's' }] }, 'expected at least one user turn'],
    [
      'system later',
      { messages: [user, { role: 'system', content: 's' }, user] },
      'messages[1]: expected the system turn first',
    ],
    [
      'a tool turn',
      { messages: [{ role: 'tool', content: 's' }] },
      'messages[0].role: expected system, user or assistant, got "tool"',
    ],
    [
      'a picture',
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'messages[0].content[0]: expected {"type": "text"',
    ],
    ['tool calls', { messages: [{ ...user, tool_calls: [{}] }] }, 'messages[0]: unknown key "tool_calls"'],
    [
      'the answer inside',
      { messages: [user, { role: 'assistant', content: 'a' }] },
      'belong in data.annotations',
    ],
    ['a blank id', line({ id: ' ' }), 'id: expected a text that is not blank, got a blank string'],
    ['a number as id', line({ id: 7 }), 'id: expected a text that is not blank, got the number 7'],
    ['a blank reference', line({ reference_answer: '' }), 'reference_answer: expected content'],
    ['metadata as text', line({ metadata: 'x' }), 'metadata: expected an object, got a string'],
    ['info as text', { prompt: 'Q', info: "{'a': 1}" }, 'info: expected an object'],
    ['tools', line({ tools: [{ type: 'function' }] }), 'tools: not supported'],
    [
      'too deep',
      JSON.parse(`{"messages":${'['.repeat(9000)}${']'.repeat(9000)}}`),
      'nested deeper than 64 levels',
    ],
    ['an overflowing number', JSON.parse('{"prompt":"Q","n":1e999}'), 'a number is too large'],
    [
      'a prototype',
      JSON.parse('{"prompt":"Q","metadata":{"__proto__":{"polluted":1}}}'),
      '"__proto__" is not allowed',
    ],
  ])('%s', (_, value, reason) => {
    expect(problems(value)).toContain(reason);
  });

  it('names everything that is wrong at once', () => {
    expect(problems({ id: '', messages: [{ role: 'x', content: '' }], tools: [1] }).split('; ')).toHaveLength(
      4,
    );
  });
});

const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'id',
  'messages',
  'metadata',
  'prompt',
  'answer',
  'truth',
];
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 0, '', 'user', 'text'),
    fc.string(),
    fc.double(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom(...names, 'role', 'content', 'type', 'text'), fc.string()),
      tie('value'),
    ),
    fc.record({ role: fc.constantFrom('user', 'system'), content: tie('value') }),
  ),
})).value;

it('never throws, never pollutes a prototype, and what it accepts is a whole task', () => {
  fc.assert(
    fc.property(fc.oneof(json, fc.record({ messages: fc.array(json), metadata: json })), (value) => {
      const text = JSON.stringify(value) ?? 'null';
      const parsed = parseTaskLine(JSON.parse(text));
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
      if ('problems' in parsed) {
        expect(parsed.problems.length).toBeGreaterThan(0);
        return;
      }
      const { id, messages, metadata } = parsed.value;
      expect(id.trim()).not.toBe('');
      expect(messages.at(-1)?.role).not.toBe('assistant');
      expect(messages.every(({ content }) => content.trim() !== '')).toBe(true);
      expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
      expect(Object.hasOwn(metadata, '__proto__')).toBe(false);
      expect(parseTaskLine(JSON.parse(text))).toEqual(parsed);
    }),
    { numRuns: 500 },
  );
});
