import { own, type RewardFunction } from '@touchstone/core';
import { parseRewardEvent, scoreNovaEvent } from '@touchstone/serve';
import { NO_USAGE, random, type Random, type Reward } from '@touchstone/spec';

/** Mutated Nova events through the parser and to an answer, and what is wrong with what comes out. */

type Value = unknown;
const user = { role: 'user', content: 'Review the contract.' };
const SEEDS: readonly Value[] = [
  { id: 's1', messages: [user, { role: 'assistant', content: '[{"q":"x"}]' }], reference_answer: 'guide' },
  {
    id: 7,
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
      },
      { role: 'nova_assistant', content: [{ type: 'text', text: 'answer' }] },
    ],
    metadata: { reference_answer: { a: [1] }, document: 'd' },
  },
  { messages: [user] },
  {
    id: 's2',
    messages: [
      user,
      { role: 'assistant', content: null },
      { role: 'tool', content: '42' },
      { role: 'assistant', content: 'a' },
    ],
    tools: [{}],
  },
];
const KEYS =
  'id messages role content type text metadata reference_answer tools truth prompt answer question __proto__ constructor toString length '.split(
    ' ',
  );

function drawValue(draw: Random, depth = 0): Value {
  switch (draw.integer(depth > 2 ? 9 : 12)) {
    case 0:
      return null;
    case 1:
      return draw.pick([true, false]);
    case 2:
      return draw.pick([0, -1, 1.5, 1e308, Infinity, NaN, 2 ** 53]);
    case 3:
      return draw.pick(['', ' ', 'user', 'assistant', 'system', 'text', '\ud800', '\u0000', '__proto__']);
    case 4:
      return 'x'.repeat(draw.integer(1000));
    case 5:
      return draw.pick(SEEDS);
    case 6:
      return undefined;
    case 7:
      return draw.pick([[], {}]);
    case 8:
      return String.fromCharCode(draw.integer(65_536), draw.integer(65_536));
    case 9:
      return Array.from({ length: draw.integer(4) }, () => drawValue(draw, depth + 1));
    case 10:
      return deep(draw.integer(200));
    default:
      return Object.fromEntries(
        Array.from({ length: draw.integer(4) }, () => [draw.pick(KEYS), drawValue(draw, depth + 1)]),
      );
  }
}

function deep(levels: number): Value {
  let value: Value = 'end';
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { content: value };
  return value;
}

/** A copy with one place changed: replaced, taken out, doubled, or given another key. */
function mutate(value: Value, draw: Random): Value {
  if (typeof value !== 'object' || value === null || draw.integer(5) === 0) return drawValue(draw);
  const entries = Object.entries(value);
  if (entries.length === 0) return drawValue(draw);
  const at = draw.integer(entries.length);
  const [key, child] = entries[at]!;
  const changed: [string, Value][] = entries.flatMap((entry, i): [string, Value][] => {
    if (i !== at) return [entry];
    switch (draw.integer(6)) {
      case 0:
        return [];
      case 1:
        return [[draw.pick(KEYS), child]];
      case 2:
        return [entry, [draw.pick(KEYS), drawValue(draw)]];
      default:
        return [[key, mutate(child, draw)]];
    }
  });
  // As JSON.parse makes it: "__proto__" is an own key and no prototype.
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}

/** The event number `n`: a list of samples, or sometimes anything else. Depends on nothing else. */
export function hostileEvent(seed: number, n: number): Value {
  const draw = random(seed, 'event', n);
  if (n % 20 === 0) return drawValue(draw);
  let event: Value = Array.from({ length: 1 + draw.integer(3) }, () => draw.pick(SEEDS));
  for (let i = draw.integer(6); i >= 0; i--) event = mutate(event, draw);
  return event;
}

type Demand = (holds: boolean, what: string) => void;

/**
 * Reads an event, and has it answered as it would have come over the wire.
 *
 * @returns how many samples could be read.
 * @throws when something crashes, or gives what nobody could score or train on; that is what is looked for.
 */
export async function answerHostileEvent(event: Value): Promise<number> {
  const demand: Demand = (holds, what) => {
    if (!holds) throw new Error(`${what}, reading ${JSON.stringify(event)?.slice(0, 400)}`);
  };
  const read = readEvent(event, demand);
  const sent = JSON.parse(JSON.stringify(event) ?? 'null') as Value;
  if (holdsSamples(sent)) await answerEvent(sent as object, demand);
  return read;
}

/** Whether there is something in an event to answer: a list, or an object with the place of a question. */
const holdsSamples = (event: Value): boolean =>
  [event, own(event, 'messages')].some(Array.isArray) ||
  ['prompt', 'query'].some((key) => own(event, key) !== undefined);

function readEvent(event: Value, demand: Demand): number {
  let samples: ReturnType<typeof parseRewardEvent>;
  try {
    samples = parseRewardEvent(event);
  } catch (error) {
    demand(!holdsSamples(event), `refused with ${String(error)}`);
    return 0;
  }
  demand(samples.length === (Array.isArray(event) ? event.length : 1), 'another number of samples');
  demand(({} as Record<string, unknown>)['polluted'] === undefined, 'a polluted prototype');
  for (const { id, rollout, problem, group } of samples) {
    demand(typeof id === 'string' || Number.isFinite(id), 'an id that is neither text nor a number');
    if (problem !== undefined) demand(rollout === null && problem !== '', 'a rollout with a problem');
    else demand(group !== '', 'no group');
    if (rollout === null) continue;
    demand(typeof rollout.response === 'string' && rollout.task.id.trim() !== '', 'half a rollout');
    demand(rollout.task.messages.length > 0, 'a task without messages');
    demand(
      rollout.task.messages.every(({ content }) => typeof content === 'string'),
      'content that is no text',
    );
  }
  return samples.filter(({ problem }) => problem === undefined).length;
}

const RANGE = { min: -1, max: 1 };

/** A reward by rule that also abstains and throws; no model is asked. */
const BY_RULE: RewardFunction = {
  score: (rollouts) =>
    Promise.all(
      rollouts.map(async ({ task, response }): Promise<Reward> => {
        const turn = (response.length + JSON.stringify(task).length) % 8;
        if (turn === 0) throw new Error('by rule');
        const rest = { components: [], verdicts: [], usage: NO_USAGE };
        return turn === 1
          ? { status: 'abstained', reason: 'timeout', detail: 'by rule', ...rest }
          : { status: 'scored', score: (turn - 2) / 5, ...rest };
      }),
    ),
};

async function answerEvent(event: object, demand: Demand): Promise<void> {
  const results = await scoreNovaEvent(event, BY_RULE, { range: RANGE, report: () => {} });
  const samples: Value[] = Array.isArray(event) ? event : [event];
  demand(results.length === samples.length, 'not one entry for each sample');
  const answered = JSON.parse(JSON.stringify(results)) as typeof results;
  answered.forEach(({ id, aggregate_reward_score: score, metrics_list }, i) => {
    const came = Object.getOwnPropertyDescriptor(Object(samples[i]), 'id')?.value as Value;
    const isId = typeof came === 'string' || Number.isFinite(came);
    demand(isId ? id === came : typeof id === 'string', `the id ${JSON.stringify(id)}`);
    demand(score >= RANGE.min && score <= RANGE.max, `the score ${score}`);
    for (const { name, value, type } of metrics_list)
      demand(Number.isFinite(value) && /^(Metric|Reward)$/.test(type), `the metric ${name}`);
  });
}
