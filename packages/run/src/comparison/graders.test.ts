import type { JsonValue, Task } from '@touchstone/spec';
import { expect, it } from 'vitest';
import { askedBy, claimedGradersSchema, gradersOf, type ClaimedGraders } from './graders.js';

const HASHES = { 's/a.json': 'A', './s/a.json': 'A', 't/a.json': 'A', 's/b.json': 'B', 'rule.mjs': 'R' };
const claimOf = (config: object, data: object = HASHES): ClaimedGraders =>
  claimedGradersSchema.parse({ config: { reward: {}, ...config }, data, models: { judge: 'J' } });
const task = (metadata: Record<string, JsonValue>, reference: JsonValue = null): Task => ({
  id: 't',
  messages: [{ role: 'user', content: 'Is it?' }],
  reference,
  metadata,
});
const MODEL = { kind: 'score-model', model: 'openai:m' };

it.each<[string, object, string]>([
  ['a code judge reads', { judge: { kind: 'code', module: 'j.mjs' } }, 'x'],
  ['a code judge in a panel reads', { judge: { kind: 'panel', members: [MODEL, { kind: 'code' }] } }, 'x'],
  ['a further code judge reads', { evaluation: { judges: { j: { kind: 'code' } } } }, 'x'],
  ['a code check reads', { reward: { checks: [{ type: 'code', module: 'rule.mjs' }] } }, 'x'],
  ['the truth reads', { evaluation: { truth: 'truth.mjs' } }, 'x'],
  [
    'a schema is in',
    { reward: { checks: [{ type: 'json-schema', schema_from: 'metadata.schema' }] } },
    'schema',
  ],
  ...['gold answer', 'gold/answer', 'a:b', 'gold (v2)', 'lösung', '日本'].flatMap(
    (name): [string, object, string][] => [
      [`an input names (${name})`, { judge: { ...MODEL, inputs: { gold: `metadata.${name}` } } }, name],
      [`a prompt shows (${name})`, { judge: { ...MODEL, prompt: `So: {{ metadata.${name} }}` } }, name],
    ],
  ),
])('tasks are others if a field differs that %s', (_, config, field) => {
  const asked = askedBy(claimOf(config));
  const one = asked(task({ [field]: 'yes', gold: 1 }));
  expect(asked(task({ [field]: 'no', gold: 1 }))).not.toEqual(one);
  expect(asked(task({ gold: 1, [field]: 'yes' }))).toEqual(one);
});

it('what nobody reads makes no other task', () => {
  const asked = askedBy(claimOf({ judge: { ...MODEL, prompt: '{{metadata.a}}' } }));
  expect(asked(task({ a: 1, trace: 'x' }))).toEqual(asked(task({ a: 1, trace: 'y' })));
  const none = askedBy(claimOf({ reward: { checks: [{ type: 'json' }] } }));
  expect(none(task({}, 'x'))).toEqual(none(task({}, 'y')));
  const named = askedBy(claimOf({ reward: { checks: [{ type: 'json-schema', schema_from: 'reference' }] } }));
  expect(named(task({}, 'x'))).not.toEqual(named(task({}, 'y')));
});

it('a rule is the same under another name, with another weight, or from another place', () => {
  const by = (check: object, data?: object): Record<string, string> =>
    gradersOf(claimOf({ reward: { checks: [check] } }, data));
  const gate = { type: 'json-schema', schema: 's/a.json', gate: true };
  for (const same of [
    { ...gate, name: 'format', weight: 0.5 },
    { ...gate, schema: './s/a.json' },
    { ...gate, schema: 't/a.json' },
  ])
    expect(by(same)).toEqual(by(gate));
  expect(by({ ...gate, gate: false }).json_valid).toBe(by(gate).json_valid);
  for (const other of [
    { ...gate, schema: 's/b.json' },
    { ...gate, required: ['x'] },
  ]) {
    expect(by(other).judge_score).not.toBe(by(gate).judge_score);
    expect(by(other).json_valid).not.toBe(by(gate).json_valid);
  }
  expect(by(gate, {}).json_valid).not.toBe(by({ ...gate, schema: 't/a.json' }, {}).json_valid);
  // Repaired answers are what judges are shown.
  expect(by({ type: 'json', repaired: 0.5 }).judge_score).not.toBe(by({ type: 'json' }).judge_score);
});
