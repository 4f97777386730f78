import { own } from '@touchstone/core';
import type { Rollout } from '@touchstone/spec';
import { z } from 'zod';
import { describeOutcome } from '../scoring/describe-outcome.js';
import { rolloutOf } from '../scoring/sample.js';
import { objectWith, type Adapter } from './adapter.js';

const content = z.looseObject({ role: z.string().optional(), parts: z.array(z.unknown()) });

const request = z.looseObject({
  example: z.looseObject({
    contents: z.array(content).min(1).meta({ description: 'The prompt' }),
    references: z.record(z.string(), z.unknown()).nullish().meta({
      description:
        'Becomes the reference; if it has the key reference_answer, that is the reference and the rest metadata',
    }),
    systemInstruction: content.nullish(),
  }),
  response: content.meta({ description: 'The answer' }),
  metadata: z
    .looseObject({ step: z.unknown().optional(), tuning_job_id: z.unknown().optional() })
    .nullish()
    .meta({ description: 'Of the tuning job' }),
});

const reply = z.object({
  reward: z.number().meta({ description: '0 to 1' }),
  user_requested_aux_info: z.string().meta({ description: 'The parts of the reward, as JSON' }),
});

/** Gemini reinforcement tuning's Cloud Run reward. It knows no word for an abstention but an error status. */
export const cloudRun: Adapter = {
  name: 'cloud-run',
  path: '/cloud-run',
  summary: 'Gemini reinforcement tuning, Cloud Run reward',
  description: 'Its tuning service waits 5 minutes.',
  request,
  reply,
  deadlineMs: 280_000,
  abstention: 'refused',
  read(body) {
    const row = objectWith(body, ['example', 'response']);
    const job = own(row['metadata'], 'tuning_job_id');
    return {
      rows: [row],
      readRow: () => readExample(row['example'], own(row['response'], 'parts')),
      run: typeof job === 'string' ? job : undefined,
      write: ([judged]) => {
        const { id, outcome, number } = judged!;
        const { status, components } = describeOutcome(id, outcome);
        return {
          reward: number,
          user_requested_aux_info: JSON.stringify({ status, components }),
        } satisfies z.output<typeof reply>;
      },
    };
  },
};

/** A reference with the key `reference_answer` names what is the reference; the rest of it is metadata. */
function readExample(example: unknown, answer: unknown): Rollout {
  const contents = own(example, 'contents');
  const references = own(example, 'references') ?? {};
  const named = own(references, 'reference_answer');
  const system = own(example, 'systemInstruction') ?? null;
  const turn = (content: unknown, role: unknown) => ({ role, content: own(content, 'parts') });
  return rolloutOf(
    {
      messages: [
        ...(system === null ? [] : [turn(system, 'system')]),
        ...(Array.isArray(contents) ? contents : []).map((one) => turn(one, own(one, 'role') ?? 'user')),
      ],
      reference_answer: named ?? references,
      metadata: named === undefined ? {} : references,
    },
    answer,
  );
}
