import { own } from '@touchstone/core';
import type { JsonValue, Message } from '@touchstone/spec';
import { z } from 'zod';
import { describeOutcome } from '../scoring/describe-outcome.js';
import type { Adapter } from './adapter.js';
import { parseBody } from './adapter.js';
import { toRollout } from './sample.js';

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
    const { example, response, metadata } = parseBody(request, body);
    const { systemInstruction: system } = example;
    const messages: Message[] = [
      ...(system ? [{ role: 'system' as const, content: textOfParts(system) }] : []),
      ...example.contents.map((turn): Message => {
        return { role: turn.role === 'model' ? 'assistant' : 'user', content: textOfParts(turn) };
      }),
    ];
    const references = example.references ?? {};
    const { reference_answer: named, ...rest } = references;
    const [reference, fields] = named === undefined ? [references, {}] : [named, rest];
    const job = metadata?.tuning_job_id;
    return {
      rollouts: [
        toRollout(messages, textOfParts(response), { reference: reference as JsonValue, metadata: fields }),
      ],
      run: typeof job === 'string' ? job : undefined,
      write: ([judged]) => {
        const { rollout, outcome, number } = judged!;
        const { status, components } = describeOutcome(rollout.id, outcome);
        return {
          reward: number,
          user_requested_aux_info: JSON.stringify({ status, components }),
        } satisfies z.output<typeof reply>;
      },
    };
  },
};

function textOfParts({ parts }: z.output<typeof content>): string {
  return parts
    .map((part) => {
      const text = own(part, 'text');
      // A part that is a thought is no part of the answer.
      return typeof text === 'string' && own(part, 'thought') !== true ? text : '';
    })
    .join('');
}
