import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import type { Adapter } from './adapter.js';
import { parseBody } from './adapter.js';
import { afterPrompt, parsePrompt, stripEnding } from './chat-template.js';
import { fieldsOfLabel, toRollout } from './sample.js';

const request = z.looseObject({
  query: z.array(z.string()).meta({ description: 'Prompt and answer, decoded with special tokens' }),
  prompts: z.array(z.string()).meta({ description: 'The prompts, as the chat template renders them' }),
  labels: z.array(z.unknown()).optional().meta({
    description:
      'The reference answers, or objects (or JSON texts of them) with reference_answer and metadata as in a data line',
  }),
});

const reply = z.object({
  rewards: z.array(z.number()),
  scores: z.array(z.number()).meta({ description: '0 to 1, for dynamic filtering' }),
  extra_logs: z.object({
    judge_ok: z.array(z.number()).meta({ description: '1 judged, 0 not: the reward stands in' }),
    invalid_sample: z.array(z.number()).meta({ description: '1: the task lacks what the reward needs' }),
  }),
});

/**
 * OpenRLHF's `--reward.remote_url` (formerly `--remote_rm_url`). It waits 180 s, tries five times and then ends the run,
 * so an abstention must be a number; `extra_logs.judge_ok` says so to its logs, which take numbers only.
 */
export const openrlhf: Adapter = {
  name: 'openrlhf',
  path: '/openrlhf',
  summary: 'OpenRLHF remote reward model',
  description:
    'For --reward.remote_url. The answer is what follows the prompt in the query, without the tokens that end it.',
  request,
  reply,
  deadlineMs: 170_000,
  abstention: 'number',
  floats: true,
  read(body) {
    const { query, prompts, labels = [] } = parseBody(request, body);
    if (prompts.length !== query.length || (labels.length !== 0 && labels.length !== query.length)) {
      throw new InputError([
        {
          message: `expected as many prompts and labels as queries (${query.length}), got ${prompts.length} and ${labels.length}`,
        },
      ]);
    }
    const rollouts = query.map((text, i) => {
      const prompt = prompts[i]!;
      const rest = afterPrompt(text, prompt);
      if (rest === undefined) {
        throw new InputError([{ message: `query[${i}]: expected it to begin with prompts[${i}]` }]);
      }
      const messages = parsePrompt(prompt);
      const { text: response, ended } = stripEnding(rest);
      // Where the prompt shows special tokens and the answer does not end in one, the token limit cut it.
      const isCut = !ended && messages[0]?.content !== prompt;
      return toRollout(messages, response, fieldsOfLabel(labels[i]), {
        place: `query[${i}]`,
        finish: isCut ? 'length' : 'stop',
      });
    });
    return {
      rollouts,
      write: (judged) => {
        const rewards = judged.map(({ number }) => number);
        return {
          rewards,
          scores: rewards,
          extra_logs: {
            judge_ok: judged.map(({ outcome }) => Number(outcome.status === 'scored')),
            invalid_sample: judged.map(({ outcome }) => Number(outcome.status === 'failed')),
          },
        } satisfies z.output<typeof reply>;
      },
    };
  },
};
