import { isRecord, own } from '@touchstone/core';
import { InputError, type Rollout } from '@touchstone/spec';
import { z } from 'zod';
import type { Adapter, Judged } from './adapter.js';
import { objectWith } from './adapter.js';
import { splitTurns } from '../scoring/conversation.js';
import { rolloutOf } from '../scoring/sample.js';
import { answerText } from '../scoring/turns.js';

const messages = z
  .array(z.unknown())
  .min(1)
  .meta({ description: 'The conversation; its last turn is the answer' });

const rewardRequest = z
  .looseObject({
    messages,
    ground_truth: z
      .union([z.string(), z.array(z.unknown()), z.null()])
      .optional()
      .meta({ description: 'The reference answer, or a conversation that ends with it' }),
  })
  .meta({ description: 'The other fields become metadata' });

const evaluateRequest = z.looseObject({
  messages,
  ground_truth: z.string().nullish().meta({ description: 'The reference answer' }),
  kwargs: z.record(z.string(), z.unknown()).nullish().meta({ description: 'Becomes metadata' }),
});

const metric = z.object({ score: z.number(), is_score_valid: z.boolean(), reason: z.string() });
const reply = z.object({
  score: z.number().meta({ description: '0 to 1' }),
  is_score_valid: z.boolean().meta({ description: 'false: the score stands in' }),
  reason: z.string(),
  metrics: z.record(z.string(), metric).meta({ description: 'The parts of the reward that have a score' }),
});

/** The judge's own words, or why there are none. */
function writeResult([judged]: Judged[]): z.output<typeof reply> {
  const { outcome, number } = judged!;
  const components = outcome.status === 'failed' ? [] : outcome.components;
  return {
    score: number,
    is_score_valid: outcome.status === 'scored',
    reason:
      outcome.status === 'scored'
        ? outcome.gatedBy === undefined
          ? 'judged'
          : `not judged: failed ${outcome.gatedBy}`
        : outcome.detail,
    metrics: Object.fromEntries(
      components.flatMap(({ name, score, detail }) =>
        score === null ? [] : [[name, { score, is_score_valid: true, reason: detail ?? '' }]],
      ),
    ),
  };
}

function readSample(turns: unknown, truth: unknown, metadata: unknown): Rollout {
  const { prompt, answer } = splitTurns(Array.isArray(turns) ? turns : []);
  if (answer === undefined) {
    throw new InputError([{ message: 'messages: expected the last turn to be the assistant answer' }]);
  }
  // As a list of turns it is a conversation; the answer in it is its last turn.
  const isConversation = Array.isArray(truth) && own(truth.at(-1), 'content') !== undefined;
  const reference_answer = isConversation ? answerText(own(truth.at(-1), 'content')) : truth;
  return rolloutOf({ messages: prompt, reference_answer, metadata }, answer);
}

const shared = {
  reply,
  // Its client sets no time limit.
  deadlineMs: Infinity,
  abstention: 'carried',
} as const;

/** eval-protocol's `POST /reward`: extra fields of the call are arguments of the reward function. */
export const evalProtocolReward: Adapter = {
  ...shared,
  name: 'eval-protocol-reward',
  path: '/reward',
  summary: 'eval-protocol reward function (Fireworks)',
  description: 'A sample without a score has is_score_valid: false.',
  request: rewardRequest,
  read(body) {
    const row = objectWith(body, ['messages']);
    const { messages: turns, ground_truth, metadata, ...others } = row;
    const fields = isRecord(metadata)
      ? { ...others, ...metadata }
      : { ...others, ...(metadata ? { metadata } : {}) };
    return { rows: [row], readRow: () => readSample(turns, ground_truth, fields), write: writeResult };
  },
};

/** eval-protocol's `POST /evaluate`: the arguments are in `kwargs`. */
export const evalProtocolEvaluate: Adapter = {
  ...shared,
  name: 'eval-protocol-evaluate',
  path: '/evaluate',
  summary: 'eval-protocol generic server (Fireworks)',
  description: 'A sample without a score has is_score_valid: false.',
  request: evaluateRequest,
  read(body) {
    const row = objectWith(body, ['messages']);
    const { messages: turns, ground_truth, kwargs } = row;
    return { rows: [row], readRow: () => readSample(turns, ground_truth, kwargs ?? {}), write: writeResult };
  },
};
