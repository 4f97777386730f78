// Mutated AWS reward events through the Lambda handler: `node bench/fuzz-events.mjs [--events 100000] [--seed 1]`
// (after `npm run build`). Every event must be answered with one well-formed entry per sample, ids as they came, scores on
// the range, and no event may be slow. Prints JSON; the exit code is 1 at the first event that is not, with the event.
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { lambdaHandlerOf } from '@touchstone/serve';

const { values: flags } = parseArgs({
  options: { events: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const [events, seed] = [Number(flags.events), Number(flags.seed)];
const RANGE = { min: -1, max: 1 };
const SLOW_MS = 2000;

const user = { role: 'user', content: 'q' };
const parts = [{ type: 'text', text: 'a' }];
/** One sample of every shape that AWS sends. */
const SHAPES = [
  {
    id: '1',
    messages: [user, { role: 'assistant', content: 'a' }],
    reference_answer: { text: 'r' },
    extra: 1,
  },
  {
    id: '2',
    messages: [user, { role: 'nova_assistant', content: parts }],
    metadata: { reference_answer: 'r' },
  },
  { messages: [{ role: 'system', content: 's' }, user] },
  {
    prompt: [user],
    response: 'a',
    extra_info: { reference_answer: { text: '' } },
    reward_model: { ground_truth: 'r' },
  },
  { id: '5', prompt: 'q', completion: 'a', chosen: 'c', rejected: 'd' },
  { id: '6', system: 's', query: 'q', response: 'r', model_response: 'a', reference_answer: { text: 'r' } },
];

/** What may take the place of any value, or be a member where there was none. */
const strange = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('__proto__', 'constructor', '\u0000', '\ud800', 'assistant', -0, 1e308, '', ' ', null),
  fc.constant(JSON.parse(`${'['.repeat(1000)}${']'.repeat(1000)}`)),
  fc.constant(JSON.parse('{"__proto__": {"messages": []}}')),
);
const mutation = fc.record({
  path: fc.array(fc.nat(9), { maxLength: 4 }),
  how: fc.constantFrom('replace', 'remove', 'add', 'rename'),
  key: fc.constantFrom('messages', 'role', 'content', 'id', '__proto__', 'toString', 'prompt', 'query', 'x'),
  value: strange,
});
const sample = fc
  .tuple(fc.constantFrom(...SHAPES), fc.array(mutation, { maxLength: 5 }))
  .map(([shape, mutations]) => mutations.reduce(mutate, structuredClone(shape)));
const event = fc.oneof(
  { weight: 30, arbitrary: fc.array(sample, { maxLength: 4 }) },
  { weight: 2, arbitrary: sample },
  { weight: 1, arbitrary: fc.array(strange, { maxLength: 3 }) },
);

function mutate(root, { path, how, key, value }) {
  let parent = { root };
  let at = 'root';
  for (const step of path) {
    const here = parent[at];
    const keys = typeof here === 'object' && here !== null ? Object.keys(here) : [];
    if (keys.length === 0) break;
    [parent, at] = [here, keys[step % keys.length]];
  }
  const set = (name, to) =>
    Object.defineProperty(parent, name, {
      value: JSON.parse(JSON.stringify(to)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  if (how === 'remove') delete parent[at];
  else if (how === 'replace' || at === 'root') set(at, value);
  else {
    if (how === 'rename') delete parent[at];
    set(Array.isArray(parent) ? `${Object.keys(parent).length}` : key, value);
  }
  return parent.root === undefined ? root : parent.root;
}

/** A reward by rule that also abstains and throws; no model is asked. */
const usage = { calls: 0, saved: 0, inputTokens: 0, outputTokens: 0, money: 0 };
const byRule = {
  score: async (rollouts) =>
    rollouts.map(({ task, response }) => {
      const turn = (response.length + JSON.stringify(task).length) % 8;
      if (turn === 0) throw new Error('by rule');
      const rest = { components: [], verdicts: [], usage };
      return turn === 1
        ? { status: 'abstained', reason: 'timeout', detail: 'by rule', ...rest }
        : { status: 'scored', score: (turn - 1) / 6, ...rest };
    }),
};

const counts = { samples: 0, scored: 0, abstained: 0, failed: 0, 'no-response': 0 };
const handler = lambdaHandlerOf(async () => byRule, { range: RANGE, log: (line) => counts[line.status]++ });
const context = { getRemainingTimeInMillis: () => 900_000 };

function problemWith(given, answer) {
  const samples = Array.isArray(given) ? given : [given];
  if (!Array.isArray(answer) || answer.length !== samples.length) return 'not one entry per sample';
  const sent = JSON.parse(JSON.stringify(answer));
  for (const [i, { id, aggregate_reward_score: score, metrics_list: metrics }] of sent.entries()) {
    const own = typeof samples[i] === 'object' && samples[i] !== null && Object.hasOwn(samples[i], 'id');
    const came = own ? samples[i].id : undefined;
    if (
      (typeof came === 'string' || typeof came === 'number') &&
      JSON.stringify(came) !== JSON.stringify(id)
    ) {
      if (Number.isFinite(came) || typeof came === 'string')
        return `the id ${JSON.stringify(came)} is not echoed`;
    }
    if (typeof id !== 'string' && typeof id !== 'number') return 'an entry has no id';
    if (!(score >= RANGE.min && score <= RANGE.max)) return `score ${score}`;
    if (!metrics.every(({ value, type }) => Number.isFinite(value) && /^(Metric|Reward)$/.test(type)))
      return 'a metric';
  }
  counts.samples += samples.length;
  return undefined;
}

let slowest = 0;
const result = await fc.check(
  fc.asyncProperty(event, async (mutated) => {
    // As it would arrive: without holes and functions.
    const given = JSON.parse(JSON.stringify(mutated) ?? 'null');
    const begun = performance.now();
    const isEvent = typeof given === 'object' && given !== null;
    const answer = await handler(given, context).catch((error) => {
      if (isEvent) throw error;
    });
    const took = performance.now() - begun;
    slowest = Math.max(slowest, took);
    if (took > SLOW_MS) throw new Error(`took ${Math.round(took)} ms`);
    const problem = isEvent ? problemWith(given, answer) : undefined;
    if (problem !== undefined) throw new Error(problem);
  }),
  { numRuns: events, seed },
);
const printed = { events: result.numRuns, seed, ...counts, slowest_ms: Math.round(slowest) };
process.stdout.write(`${JSON.stringify(printed)}\n`);
if (result.failed) {
  const counterexample = JSON.stringify(result.counterexample).slice(0, 2000);
  process.stderr.write(`${String(result.errorInstance)}\n${counterexample}\n`);
  process.exitCode = 1;
}
