import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numbersFor } from '../scoring/stand-in.js';
import { LATE } from '../scoring/score-within.js';
import { ADAPTERS } from './index.js';

/** A valid request of each wire, to be damaged. */
const VALID: Record<string, unknown> = {
  native: { rollouts: [{ id: 'a', task: { messages: [{ role: 'user', content: 'q' }] }, response: 'r' }] },
  openrlhf: { query: ['<s>q r</s>'], prompts: ['<s>q'], labels: ['{"metadata":{"a":1}}'] },
  slime: { prompt: [{ role: 'user', content: 'q' }], response: 'r', label: { reference_answer: 'g' } },
  'slime-object': { prompt: 'q', response: 'r', label: null },
  'nemo-gym': {
    responses_create_params: { input: [{ role: 'user', content: 'q' }] },
    response: { output: [{ type: 'message', content: [{ type: 'output_text', text: 'r' }] }] },
    _ng_task_index: 1,
  },
  'eval-protocol-reward': {
    messages: [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'r' },
    ],
    ground_truth: [{ content: 'g' }],
  },
  'eval-protocol-evaluate': {
    messages: [
      { role: 'user', content: 'q' },
      { role: 'assistant', content: 'r' },
    ],
    kwargs: { a: 1 },
  },
  'cloud-run': {
    example: { contents: [{ role: 'user', parts: [{ text: 'q' }] }], references: { a: 'g' } },
    response: { parts: [{ text: 'r' }] },
    metadata: { tuning_job_id: 'j' },
  },
};

const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, '', NaN, Infinity, [], {}, [null], 'x'.repeat(300)),
  fc.constant(JSON.parse('{"__proto__": {"reference_answer": 1}, "constructor": 1}')),
);

/** A copy of `value` in which the member at one of its paths is another. */
function damaged(value: unknown, choose: number, by: unknown): unknown {
  const paths: (string | number)[][] = [];
  const walk = (at: unknown, path: (string | number)[]): void => {
    paths.push(path);
    if (typeof at !== 'object' || at === null) return;
    for (const [key, child] of Object.entries(at)) walk(child, [...path, key]);
  };
  walk(value, []);
  const path = paths[choose % paths.length]!;
  if (path.length === 0) return by;
  const copy = structuredClone(value);
  let at = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[path.at(-1)!] = by;
  return copy;
}

describe.each(ADAPTERS)('$name', (adapter) => {
  it('reads a valid request, and refuses any other in words', () => {
    const valid = VALID[adapter.name];
    expect(adapter.read(valid).rollouts).toHaveLength(1);
    fc.assert(
      fc.property(fc.nat(), hostile, (choose, by) => {
        const body = damaged(valid, choose, by);
        try {
          const { rollouts, write } = adapter.read(body);
          const outcomes = rollouts.map(() => LATE);
          const numbers = numbersFor(
            outcomes,
            rollouts.map(() => ''),
            'neutral',
          );
          const reply = write(
            rollouts.map((rollout, i) => ({ rollout, outcome: LATE, number: numbers[i]! })),
          );
          expect(adapter.reply.safeParse(JSON.parse(JSON.stringify(reply))).error).toBeUndefined();
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.problems.every(({ message }) => message !== '')).toBe(true);
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});
