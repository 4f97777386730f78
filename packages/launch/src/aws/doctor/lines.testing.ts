import { random, type JsonObject, type JsonValue, type Random } from '@touchstone/spec';

const user = (content: JsonValue): JsonObject => ({ role: 'user', content });
const ask = [user('How long may the tenant be late?')];
const lookUp = (name = 'look_up', more: JsonObject = {}): JsonObject => ({
  type: 'function',
  function: {
    name,
    description: 'Finds a clause',
    parameters: { type: 'object', properties: { clause: { type: 'string' } }, required: ['clause'], ...more },
  },
});

/** Lines that are taken. */
export const GOOD: JsonObject[] = [
  { messages: ask },
  {
    id: 'c-1',
    messages: [{ role: 'system', content: 'You read contracts.' }, ...ask],
    reference_answer: '30 days',
  },
  { id: 'c-2', messages: ask, reference_answer: { days: 30, clause: '4.2' }, domain: 'lease', level: 3 },
  { messages: [{ role: 'Developer', content: 'Be short.' }, ...ask], tools: [lookUp()] },
  {
    messages: [
      user([
        { type: 'text', text: 'q' },
        { type: 'image_url', image_url: { url: 'https://x.test' } },
      ]),
    ],
  },
  {
    messages: [
      ...ask,
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f' } }],
      },
      { role: 'tool', content: '4.2', tool_call_id: 'a' },
      { role: 'BOT', content: 'Thirty days.' },
    ],
    tools: [lookUp(), lookUp('other', { required: null })],
  },
  { id: null, messages: ask, reference_answer: null, tools: null },
];

/** Lines of which one thing is wrong, or looks so. */
export const ODD: JsonValue[] = [
  ...['', ' ', '\t\n', '\u00a0', '\u2003', 7, true, [], {}, ['a']].flatMap((value): JsonValue[] => [
    { messages: ask, id: value },
    { messages: ask, reference_answer: value },
    { messages: ask, tools: value },
    { messages: [{ role: 'user', content: value }] },
    { messages: [...ask, { role: value, content: 'a' }] },
    { messages: [...ask, { role: 'tool', tool_call_id: value }] },
    { messages: [...ask, { role: 'assistant', tool_calls: value }] },
    { messages: value },
    { messages: ask, tools: [lookUp(value as string)] },
    { messages: ask, tools: [lookUp('f', { type: value })] },
    { messages: ask, tools: [lookUp('f', { properties: value })] },
    { messages: ask, tools: [lookUp('f', { required: value })] },
    value,
  ]),
  { not_messages: ask },
  { messages: [{ role: 'assistant', content: 'a' }] },
  { messages: [...ask, { role: 'system', content: 'late' }] },
  { messages: [...ask, { role: 'developer', content: 'late' }] },
  { messages: [{ content: 'no role' }, ...ask, { role: 'system' }] },
  { messages: [{ ...user('q'), image: { format: 'png' } }] },
  { messages: [{ ...user('q'), name: 'n' }] },
  { messages: [{ role: 'nova_assistant', content: 'q' }] },
  { messages: ask, tools: [lookUp(), lookUp()] },
  { messages: ask, tools: [{ type: 'internal', function: {} }] },
  { messages: ask, tools: [{ ...lookUp(), type: 'tool' }] },
  null,
];

const VALUES: JsonValue[] = [
  null,
  '',
  ' ',
  'text',
  'user',
  'system',
  'developer',
  0,
  1.5,
  true,
  [],
  ['a'],
  {},
  { a: 1 },
];
const NAMES = [
  'id',
  'messages',
  'role',
  'content',
  'reference_answer',
  'tools',
  'type',
  'function',
  'name',
  'required',
  'x',
];

/** Lines with one to three things changed: keys and values, and now and then the text itself. */
export function mutatedLines(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const draw = random(seed, 'line', i);
    let value: JsonValue = structuredClone(draw.pick(GOOD));
    for (let n = 1 + draw.integer(3); n > 0; n--) value = mutated(draw, value);
    const text = JSON.stringify(value);
    return draw.next() < 0.9 ? text : torn(draw, text);
  });
}

/** A value somewhere within is put in another's place, dropped, doubled or renamed. */
function mutated(draw: Random, value: JsonValue): JsonValue {
  const entries: [string, JsonValue][] = Array.isArray(value)
    ? value.map((one, i) => [String(i), one])
    : typeof value === 'object' && value !== null
      ? (Object.entries(value) as [string, JsonValue][])
      : [];
  if (entries.length === 0) return draw.pick(VALUES);
  const at = draw.integer(entries.length);
  const [name, child] = entries[at]!;
  const dice = draw.next();
  if (dice < 0.6 && typeof child === 'object' && child !== null) entries[at] = [name, mutated(draw, child)];
  else if (dice < 0.75) entries[at] = [name, draw.pick(VALUES)];
  else if (dice < 0.85) entries.splice(at, 1);
  else if (dice < 0.92) entries.push([draw.pick(NAMES), structuredClone(child)]);
  else entries[at] = [draw.pick(NAMES), child];
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

function torn(draw: Random, text: string): string {
  const at = draw.integer(text.length);
  const put = draw.pick(['', '"', '{', ',', 'x', '\\ud800', '\\u0085', ' ', '\u001f']);
  return text.slice(0, at) + put + text.slice(at + draw.integer(2));
}
