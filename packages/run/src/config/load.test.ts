import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { GOOD } from './good.testing.js';
import { parseConfig } from './load.js';

/** The lines of the refusal of a configuration. */
function problems(text: string): string[] {
  try {
    parseConfig(text, 't.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message.split('\n');
  }
  return [];
}

it('fills in every default', () => {
  const { config } = parseConfig(GOOD, 't.yaml');
  expect(config.seed).toBe(1);
  expect(config.training).toMatchObject({ algorithm: 'grpo', group_size: 8, clip_high: 0.28 });
  expect(config.training.sft).toBeUndefined();
  expect(config.evaluation).toEqual({ samples: 1, best_of: 4 });
});

describe('a wrong key or value', () => {
  it.each([
    ['an unknown key', `${GOOD}sed: 3\n`, ['t.yaml:12:1: unknown key "sed", did you mean "seed"?']],
    [
      'a key that belongs elsewhere',
      `${GOOD}group_size: 3\n`,
      ['t.yaml:12:1: unknown key "group_size" here: it belongs in training'],
    ],
    [
      'text for a number, inside',
      `${GOOD}training:\n  steps: ten\n`,
      ['t.yaml:13:10: training.steps: expected a whole number, got "ten"'],
    ],
    [
      'a fraction for a whole number, in flow style',
      `${GOOD}training: { steps: 1.5, group_size: 1 }\n`,
      [
        't.yaml:12:20: training.steps: expected a whole number, got 1.5',
        't.yaml:12:37: training.group_size: expected a number of at least 2, got 1',
      ],
    ],
    [
      'a number of trainings that is one',
      `${GOOD}seeds: 1\n`,
      ['t.yaml:12:8: seeds: expected a number of at least 2, got 1'],
    ],
    [
      'a seed twice',
      `${GOOD}seeds: [3, 3]\n`,
      ['t.yaml:12:8: seeds: expected a number of trainings, 2 to 100, or different seeds, such as 1,2,5'],
    ],
    [
      'an infinite number',
      `${GOOD}training: { learning_rate: .inf }\n`,
      ['t.yaml:12:28: training.learning_rate: expected a number, got Infinity'],
    ],
    [
      'a list for a mapping',
      `${GOOD}evaluation: []\n`,
      ['t.yaml:12:13: evaluation: expected a mapping (key: value), got an empty list'],
    ],
    ['a value left out', `${GOOD}name:\n`, ['t.yaml:12:1: name: expected text, got nothing']],
    [
      'an option misspelt',
      GOOD.replace('objective', 'unit: itm\n  objective'),
      ['t.yaml:8:9: judge.unit: expected "item" or "answer" (did you mean "item"?), got "itm"'],
    ],
    [
      'a check of unknown type',
      `${GOOD}reward:\n  checks:\n    - type: json_schema\n      schema: a.json\n`,
      [
        expect.stringMatching(
          /^t\.yaml:14:13: reward\.checks\[0\]\.type: expected "json" or "json-schema" or .*did you mean "json-schema"/,
        ),
      ],
    ],
    [
      'an unknown key of a check',
      `${GOOD}reward:\n  checks:\n    - { type: json-schema, schema: a.json, gated: true }\n`,
      ['t.yaml:14:44: reward.checks[0]: unknown key "gated", did you mean "gate"?'],
    ],
    [
      'a kind of judge misspelt',
      GOOD.replace('judge:\n', 'judge:\n  kind: panels\n'),
      [
        't.yaml:7:9: judge.kind: expected "rubric" or "task-rubric" or "preference" or "pair-model" or "group" or "score-model" or "label-model" or "fields-model" or "code" or "panel" or "cascade" (did you mean "panel"?), got "panels"',
      ],
    ],
    [
      'a key of another kind of judge, and a misspelt one, in a member of a panel',
      `${GOOD.replace(/judge:[^]*/, '')}judge:
  kind: panel
  members:
    one: { model: 'local:a', objective: x, criteria: [{ name: A, question: x }], pivots: 2 }
    two: { kind: preference, model: 'local:a', objective: x, prefer: [x], tie: true }
`,
      [
        expect.stringMatching(/^t\.yaml:9:82: judge\.members\.one: unknown key "pivots", expected one of/),
        't.yaml:10:75: judge.members.two: unknown key "tie", did you mean "ties"?',
      ],
    ],
    [
      'a rule that no criterion has, a veto off the scale and a cascade that cannot doubt',
      `${GOOD.replace(/judge:[^]*/, '')}judge:
  kind: cascade
  first:
    model: local:a
    objective: x
    criteria: [{ name: A, question: x, scale: graded, anchors: { 1: a, 5: b }, veto: 1 }]
    rules: [{ criterion: B, value: 1, when: { empty: true } }, { criterion: A, value: 6, when: {} }]
  second: { kind: group, model: 'local:a', objective: x, criteria: [{ name: A, question: x }] }
  unsure: { disagreement: 0.1, entropy: 0.1 }
`,
      [
        't.yaml:11:86: judge.first.criteria[0].veto: expected a score above 1, the lowest, and at most 5',
        't.yaml:12:96: judge.first.rules[1].when: expected a condition: occurs_in, missing_from, not_one_of or empty',
        't.yaml:12:26: judge.first.rules[0].criterion: expected one of A, got "B"',
        't.yaml:12:87: judge.first.rules[1].value: expected a score from 1 to 5, got 6',
        't.yaml:14:27: judge.unsure.disagreement: set unsure.repeats to 2 or more, to see the first judge change its mind',
        't.yaml:14:41: judge.unsure.entropy: set first.logprobs (kind: rubric): the entropy is of the score tokens',
      ],
    ],
    [
      'a policy of nobody',
      GOOD.replace('local:models/policy', 'antropic:x'),
      [expect.stringContaining('t.yaml:2:10: policy.model: expected provider:model')],
    ],
    [
      'a prototype',
      `${GOOD}__proto__: { polluted: 1 }\n`,
      ['t.yaml:12:1: the key "__proto__" is not allowed'],
    ],
    [
      'a prototype among findings, which a record does not see',
      `${GOOD}gate: { __proto__: { min: 1 } }
`,
      ['t.yaml:12:9: the key "__proto__" is not allowed'],
    ],
  ])('%s', (_, text, expected) => {
    expect(problems(text)).toEqual(expected);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('names the parent of what is missing, and everything at once', () => {
    const got = problems('policy:\n  modle: local:x\ndata: { train: a }\nseed: -1\n');
    expect(got).toContain('t.yaml:1:1: policy.model: missing, expected text');
    expect(got).toContain('t.yaml:2:3: policy: unknown key "modle", did you mean "model"?');
    expect(got).toContain('t.yaml:3:7: data.eval: missing, expected text');
    expect(got).toContain('t.yaml:4:7: seed: expected a number of at least 0, got -1');
    expect(got.some((line) => line.includes('judge: missing, expected a mapping'))).toBe(true);
    expect(got).toHaveLength(5);
  });

  it('points into the anchor that an alias repeats', () => {
    const text = `${GOOD.replace('judge:', 'judge: &judge')}heldout_judge: *judge\n`.replace(
      'name: Correct',
      'name: 3',
    );
    expect(problems(text)).toEqual([
      't.yaml:10:13: judge.criteria[0].name: expected text, got 3',
      't.yaml:10:13: heldout_judge.criteria[0].name: expected text, got 3',
    ]);
  });
});

describe('text that is not a YAML mapping', () => {
  it.each([
    ['nothing', '# only a comment\n', 't.yaml: the configuration is empty'],
    ['a sentence', 'hello', 't.yaml:1:1: expected a mapping (key: value), got "hello"'],
    ['a duplicate key', 'seed: 1\nseed: 2\n', 't.yaml:2:1: this key is already set'],
    ['a tab', 'data:\n\ttrain: x\n', 't.yaml:2:1: a tab is used to indent'],
    ['an open bracket', 'data: [1,\n', 't.yaml:2:1: not valid YAML'],
    ['two documents', 'seed: 1\n---\nseed: 2\n', 't.yaml:2:1: expected one YAML document'],
    ['an unknown tag', 'seed: !secret 1\n', 't.yaml:1:7: not valid YAML: Unresolved tag: !secret'],
    ['an alias to nothing', 'seed: *s\n', 't.yaml:1:7: the anchor &s is not set above'],
    ['an alias of itself', 'data: &d\n  train: *d\n', 't.yaml:2:10: the alias *d contains itself'],
    ['deep nesting', '['.repeat(20_000), 't.yaml:1:65: nested deeper than 64 levels'],
    ['an alias bomb', bomb(), 't.yaml: aliases (*name) repeat too much'],
  ])('%s', (_, text, message) => {
    expect(problems(text)[0]).toContain(message);
  });
});

function bomb(): string {
  const lines = ['a0: &a0 [x, x]'];
  for (let i = 1; i < 30; i++) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}, *a${i - 1}]`);
  return lines.join('\n');
}

describe('whatever the text', () => {
  const MARKS = [
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!str ',
    '|\n',
    '"',
    "'",
    '? ',
    '\t',
    '\n',
    '---\n',
    '<<',
    '1e999',
  ];
  const tokens = GOOD.split(/(\s+|:)/).filter((token) => token !== '');
  const yaml = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...tokens, ...MARKS), { maxLength: 60 }).map((parts) => parts.join('')),
    // One edit of a good file.
    fc
      .tuple(
        fc.nat(GOOD.length),
        fc.nat(12),
        fc.oneof(fc.string(), fc.constantFrom('\t', ': ', '- ', '*a', '[', '\n')),
      )
      .map(([at, cut, put]) => GOOD.slice(0, at) + put + GOOD.slice(at + cut)),
  );

  it('parses, or is refused with an InputError whose places are in the file', () => {
    fc.assert(
      fc.property(yaml, (text) => {
        try {
          parseConfig(text, 't.yaml');
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          const lines = text.split('\n').length + 1;
          for (const { place, message } of error.problems) {
            expect(message).not.toBe('');
            expect(place?.line ?? 1).toBeLessThanOrEqual(lines);
          }
          return;
        }
        expect(parseDocument(text).errors).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });
});
