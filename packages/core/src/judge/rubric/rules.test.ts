import type { JsonValue, Task } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { accessTo, groupOf, judgeSimulator } from '@touchstone/testing';
import { rubricSchema } from './schema.js';
import { createRenderer } from './prompt.js';
import { RubricJudge } from './rubric.js';
import { applyRules, describeRule } from './rules.js';

const task: Task = {
  id: 't',
  messages: [{ role: 'user', content: 'q' }],
  reference: { rule: 'Payment is due within “30 days”.' },
  metadata: { document: '4. The Buyer shall pay within 45 days.\n5. The Buyer  shall notify.' },
};
const config = rubricSchema.parse({
  model: 'local:j',
  unit: 'item',
  objective: 'x',
  criteria: [
    { name: 'Grounded', question: '?', scale: 'graded', anchors: { 1: 'no', 5: 'yes' }, veto: 2 },
    { name: 'Known', question: '?' },
    { name: 'Useful', question: '?', weight: 3 },
  ],
  rules: [
    {
      criterion: 'Grounded',
      value: 1,
      when: { quote: 'excerpt', occurs_in: 'reference.rule', missing_from: 'metadata.document' },
    },
    { criterion: 'Known', value: false, when: { quote: 'type', not_one_of: ['Risk', 'Gap'] } },
    { criterion: 'Useful', value: false, when: { quote: 'action', empty: true } },
  ],
});
const generous = [
  { criterion: 'Grounded', evidence: 'e', reason: 'r', value: 5, score: 1 },
  { criterion: 'Known', evidence: 'e', reason: 'r', value: 1, score: 1 },
  { criterion: 'Useful', evidence: 'e', reason: 'r', value: 1, score: 1 },
];
const valuesFor = (candidate: JsonValue) =>
  applyRules(generous, config.rules, config.criteria, { task, candidate }).map(({ value }) => value);
const good = { excerpt: 'The Buyer shall pay within 45 days.', type: 'Risk', action: 'Say 30 days.' };

describe('mandatory rules', () => {
  it.each([
    ['a quote from the contract', good, [5, 1, 1]],
    [
      'a quote from the reference, set in other quotation marks',
      { ...good, excerpt: 'within "30 days".' },
      [1, 1, 1],
    ],
    ['a quote from neither', { ...good, excerpt: 'The Seller may.' }, [5, 1, 1]],
    ['words that both have', { ...good, excerpt: 'within' }, [5, 1, 1]],
    ['an excerpt of spaces', { ...good, excerpt: ' \u00a0' }, [5, 1, 1]],
    ['an unknown type', { ...good, type: 'Joke' }, [5, 0, 1]],
    ['no type', { excerpt: good.excerpt, action: 'x' }, [5, 0, 1]],
    ['a type by inheritance', { ...good, type: { toString: 'Risk' } }, [5, 0, 1]],
    ['an invisible action', { ...good, action: ' \u200b' }, [5, 1, 0]],
    ['an item that is no object', 'Risk', [5, 0, 0]],
  ])('say of %s', (_, candidate, expected) => {
    expect(valuesFor(candidate)).toEqual(expected);
  });

  it('say so where they overrule the judge, and only there', () => {
    const [grounded, known] = applyRules(generous, config.rules, config.criteria, {
      task,
      candidate: { ...good, excerpt: 'Payment is due' },
    });
    expect(grounded).toEqual({
      ...generous[0],
      value: 1,
      score: 0,
      overruled: {
        by: 'Grounded is 1 when excerpt is a quote from the rule and is not a quote from the document',
        value: 5,
      },
    });
    expect(known).toEqual(generous[1]);
    const agreed = [{ ...generous[0]!, value: 1, score: 0 }];
    const again = applyRules(agreed, config.rules, config.criteria, {
      task,
      candidate: { ...good, excerpt: 'Payment is due' },
    });
    expect(again).toEqual(agreed);
  });

  it('are told to the judge too, with those criteria that they decide', () => {
    const { fill } = createRenderer(config, config.criteria.slice(1));
    const system = fill({ task, response: '' }, {}).render('m').messages[0]!.content;
    expect(system).toContain(
      'Mandatory, whatever else is true:\n- Known is false when type is none of Risk, Gap\n',
    );
    expect(system).not.toContain('Grounded');
  });

  it('need what they compare with', () => {
    const bare = { ...task, metadata: {} };
    expect(() =>
      applyRules(generous, config.rules, config.criteria, { task: bare, candidate: { excerpt: '30 days' } }),
    ).toThrow('task t: metadata.document is missing; a rule of the judge needs it');
  });

  it('read a field of an answer that is JSON, and the whole of one that is text', () => {
    const rule = { criterion: 'Known', value: false, when: { not_one_of: ['yes'] } };
    expect(describeRule(rule)).toBe('Known is false when the candidate is none of yes');
    const say = (candidate: string, when: object) =>
      applyRules(generous, [{ ...rule, when }], config.criteria, { task, candidate })[1]!.value;
    expect(say(' yes', rule.when)).toBe(1);
    expect(say('{"a":"yes"}', { quote: 'a', not_one_of: ['yes'] })).toBe(1);
    expect(say('not JSON', { quote: 'a', not_one_of: ['yes'] })).toBe(0);
  });
});

describe('a veto', () => {
  const judgeOf = (says: Record<string, JsonValue>, more: object = {}) => {
    const simulated = judgeSimulator(({ system }) => ({
      verdicts: Object.entries(says)
        .filter(([criterion]) => system.includes(`"criterion":"${criterion}"`))
        .map(([criterion, score]) => ({ criterion, evidence: '', reason: '', score })),
    }));
    const judge = new RubricJudge({ ...config, rules: [], ...more }, accessTo(simulated.model), 1);
    const rollout = { ...groupOf(JSON.stringify([good]))[0]!, task };
    return { simulated, judged: async () => (await judge.judge([rollout]))[0]! };
  };
  const says = { Grounded: 1, Known: true, Useful: true };

  it('makes the score 0 and says which it was', async () => {
    const { judged } = judgeOf(says);
    expect(await judged()).toMatchObject({
      answer: { score: 0 },
      verdicts: [{ score: 0, vetoedBy: 'Grounded', criteria: [{ value: 1 }, { value: 1 }, { value: 1 }] }],
    });
    // (0.25 + 1 + 3) / 5
    expect((await judgeOf({ ...says, Grounded: 2 }).judged()).answer).toEqual({
      status: 'scored',
      score: 0.85,
    });
  });

  it('saves the calls of the criteria after it, when criteria are asked for one by one', async () => {
    const failed = judgeOf(says, { criteria_per_call: 1 });
    expect((await failed.judged()).verdicts).toMatchObject([
      { score: 0, criteria: [{ criterion: 'Grounded' }] },
    ]);
    expect(failed.simulated.requests).toHaveLength(1);
    const passed = judgeOf({ ...says, Grounded: 5 }, { criteria_per_call: 1 });
    const { verdicts, usage } = await passed.judged();
    expect(verdicts).toMatchObject([{ score: 1, criteria: [{}, {}, {}] }]);
    expect(verdicts[0]!.key.split('+')).toHaveLength(3);
    expect(usage.calls).toBe(3);
    const markers = passed.simulated.requests.map(({ messages }) => messages.at(-1)!.content.slice(-8));
    expect(new Set(markers).size).toBe(3);
  });

  it('stands even where another batch could not be read; without one the verdict is an abstention', async () => {
    const batches = { criteria_per_call: 2 };
    const broken = (score: number) =>
      judgeOf({ Grounded: score, Known: true, Useful: 'maybe' }, batches).judged();
    expect((await broken(1)).answer).toEqual({ status: 'scored', score: 0 });
    expect((await broken(5)).answer).toMatchObject({ status: 'abstained', reason: 'unparseable' });
  });

  it('by a rule counts like one by the judge', async () => {
    const { rules } = rubricSchema.parse({
      ...config,
      rules: [
        { criterion: 'Grounded', value: 1, when: { quote: 'excerpt', occurs_in: 'metadata.document' } },
      ],
    });
    expect(await judgeOf({ ...says, Grounded: 5 }, { rules }).judged()).toMatchObject({
      answer: { score: 0 },
      verdicts: [{ vetoedBy: 'Grounded', criteria: [{ overruled: { value: 5 } }, {}, {}] }],
    });
  });

  it('needs to be asked in a prompt of one’s own when criteria are asked for in batches', () => {
    const prompt = '{{item}} {{marker}}';
    expect(() => judgeOf(says, { criteria_per_call: 1, prompt })).toThrow(/must show \{\{criteria\}\}/);
  });
});
