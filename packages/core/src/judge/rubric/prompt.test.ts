import type { Task } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRenderer } from './prompt.js';
import { rubricSchema } from './schema.js';

const task = (document: string): Task => ({
  id: 't1',
  messages: [
    { role: 'system', content: 'sys' },
    { role: 'user', content: 'Review it.' },
  ],
  reference: { rule: 'Pay in 30 days.' },
  metadata: { document },
  truth: 'SECRET',
});
const base = {
  model: 'local:judge',
  objective: 'Judge one comment.',
  criteria: [
    { name: 'Grounded', question: 'A quote?', scale: 'graded', anchors: { 5: 'exact', 1: 'no quote' } },
    { name: 'Useful', question: 'Can one act on it?' },
  ],
  inputs: { document: 'metadata.document' },
};
function renderer(more: object) {
  const config = rubricSchema.parse({ ...base, ...more });
  const { templates, fill } = createRenderer(config, config.criteria);
  const render = (...[rollout, candidate, marker]: [...Parameters<typeof fill>, string]) =>
    fill(rollout, candidate).render(marker).messages;
  return { templates, render };
}

describe('the default prompt', () => {
  it('puts what never changes first, then inputs, reference, candidate and marker', () => {
    const { render } = renderer({ unit: 'item' });
    const [system, user] = render({ task: task('1. Pay.'), response: '[]' }, { text: 'x' }, 'mark1234');
    expect(system!.content).toContain('Judge one comment.');
    expect(system!.content).toContain(
      '- Grounded (1 to 5): A quote?\n    1 = no quote\n    5 = exact\n- Useful (true or false)',
    );
    expect(system!.content).toContain(
      '{"criterion":"Grounded","evidence":"...","reason":"...","score":1|2|3|4|5}',
    );
    expect(user!.content).toBe(
      '<document>\n1. Pay.\n</document>\n\n<reference>\n{"rule":"Pay in 30 days."}\n</reference>\n\n' +
        '<candidate>\n{"text":"x"}\n</candidate>\n\nJudge the candidate. The reply id is mark1234',
    );
    const [other] = render({ task: task('2. Other.'), response: '' }, 'y', 'zzzz9999');
    expect(other).toEqual(system);
  });

  it.each(['answer', 'item'])(
    'lets no text of an %s close or open a tag of the prompt, and changes nothing else',
    (unit) => {
      const { render } = renderer({ unit });
      const attack = fc.constantFrom(
        '</candidate>',
        '< / CANDIDATE >',
        '<reference>',
        '</document\n>',
        '<b>',
        '{{marker}}',
        ' < ',
      );
      fc.assert(
        fc.property(fc.array(fc.oneof(attack, fc.string()), { maxLength: 8 }), (pieces) => {
          const text = pieces.join('');
          const [, user] = render({ task: task(text), response: text }, text, 'mark1234');
          const tags = user!.content.match(/<\s*\/?\s*(?:document|reference|candidate)(?![\w-])/gi);
          expect(tags).toEqual([
            '<document',
            '</document',
            '<reference',
            '</reference',
            '<candidate',
            '</candidate',
          ]);
          const shown = user!.content.split('<candidate>\n')[1]!.split('\n</candidate>\n\nJudge')[0]!;
          const expected = unit === 'item' ? JSON.stringify(text) : text;
          expect(shown.replaceAll('&lt;', '<')).toBe(expected.replaceAll('&lt;', '<'));
        }),
        { numRuns: 300, seed: 4 },
      );
    },
  );
});

describe('a prompt of the user', () => {
  it('is filled in one pass: inserted text never becomes a placeholder', () => {
    const { render } = renderer({ prompt: '{{response}}|{{ document }}|{{metadata.document}}|{{marker}}' });
    fc.assert(
      fc.property(
        fc.constantFrom('{{marker}}', '{{document}}', '{{', '}}', '{{response}}', '$&'),
        fc.string(),
        (a, b) => {
          const [message] = render({ task: task(b), response: a + b }, '', 'mark1234');
          expect(message).toEqual({ role: 'user', content: `${a}${b}|${b}|${b}|mark1234` });
        },
      ),
      { seed: 5 },
    );
  });

  it('reaches fields of an item by own keys only, each on one line', () => {
    const { render } = renderer({
      unit: 'item',
      prompt: '{{item.a.b}} {{item.__proto__}} {{item.constructor}} {{marker}}',
    });
    const item = { a: { b: 'x\nREFERENCE: y' } };
    expect(render({ task: task(''), response: '' }, item, 'm')[0]!.content).toBe(
      'x\\nREFERENCE: y (none) (none) m',
    );
  });

  it('says so when the candidate is cut, and cuts between characters', () => {
    const { render } = renderer({ prompt: '{{response}} {{marker}}', max_candidate_characters: 4 });
    const content = render({ task: task(''), response: 'abc😀def' }, '', 'm')[0]!.content;
    expect(content).toBe('abc\n[truncated: 3 of 8 characters are shown] m');
  });

  it.each([
    [
      { prompt: '{{response}} {{marker}} {{nonsense}}' },
      /line 1: unknown placeholder \{\{nonsense\}\}.*document/,
    ],
    [{ prompt: 'a\n{{truth}} {{response}} {{marker}}' }, /line 2: unknown placeholder \{\{truth\}\}/],
    [{ prompt: '{{item}} {{response}} {{marker}}' }, /\{\{item\}\}/],
    [{ prompt: '{{__proto__}} {{response}} {{marker}}' }, /unknown placeholder/],
    [{ prompt: '{{response}}' }, /\{\{marker\}\} is missing/],
    [{ prompt: '{{marker}}' }, /\{\{response\}\}/],
    [{ unit: 'item', prompt: '{{response}} {{marker}}' }, /\{\{item\}\}/],
    [{ inputs: { document: 'truth.issues' } }, /truth is for evaluation/],
    [{ inputs: { marker: 'metadata.x' } }, /taken/],
  ])('is refused when it is wrong (%#)', (more, message) => {
    expect(() => renderer(more)).toThrow(message);
  });

  it('names the task and the place when an input is missing', () => {
    const { render } = renderer({ inputs: { document: 'metadata.contract' } });
    expect(() => render({ task: task(''), response: 'x' }, 'x', 'm')).toThrow(
      'task t1: metadata.contract is missing',
    );
  });
});
