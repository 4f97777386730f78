import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSamples } from '../scoring/sample.js';
import { LATE, type Outcome } from '../scoring/score-within.js';
import { ADAPTERS, type Call, type Judged } from './index.js';

/** A valid request of each wire, to be damaged. */
const VALID: Record<string, unknown> = {
  native: { rollouts: [{ id: 'a', task: { messages: [{ role: 'user', content: 'q' }] }, response: 'r' }] },
  openrlhf: { query: ['<s>qr</s>'], prompts: ['<s>q'], labels: ['{"metadata":{"a":1}}'] },
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
  it('reads a valid request, and says of any other in words what is wrong with it', async () => {
    const valid = VALID[adapter.name];
    const samplesOf = ({ rows, readRow }: Call) => readSamples(rows, readRow);
    expect(await samplesOf(adapter.read(valid))).toMatchObject([{ rollout: { response: 'r' } }]);
    await fc.assert(
      fc.asyncProperty(fc.nat(), hostile, async (choose, by) => {
        const body = damaged(valid, choose, by);
        try {
          const call = adapter.read(body);
          const samples = await samplesOf(call);
          expect(samples).toHaveLength(call.rows.length);
          const judged = samples.map(({ id, rollout, problem }): Judged => {
            expect(problem ?? '').not.toContain('internal error');
            if (problem === undefined) expect(rollout?.task.messages.length).toBeGreaterThan(0);
            const outcome: Outcome = problem === undefined ? LATE : { status: 'failed', detail: problem };
            return { id, rollout, outcome, number: 0.5 };
          });
          const reply = call.write(judged);
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
