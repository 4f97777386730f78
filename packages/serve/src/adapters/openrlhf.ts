import { InputError, type Rollout } from '@touchstone/spec';
import { z } from 'zod';
import type { Adapter } from './adapter.js';
import { objectWith } from './adapter.js';
import { afterPrompt, parsePrompt, stripEnding } from './chat-template.js';
import { fieldsOfLabel } from './label.js';
import { rolloutOf } from '../scoring/sample.js';

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
    const { query, prompts, labels } = lists(body);
    return {
      rows: query.map((text, i) => ({ text, prompt: prompts[i], label: labels[i] })),
      readRow: (row) => readRow(row as Row),
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

interface Row {
  text: unknown;
  prompt: unknown;
  label: unknown;
}

/** The three lists of a request, of one length; labels may be missing. */
function lists(body: unknown): Record<'query' | 'prompts' | 'labels', readonly unknown[]> {
  const { query, prompts, labels } = objectWith(body, ['query', 'prompts']);
  if (!Array.isArray(query) || !Array.isArray(prompts)) {
    const wrong = { query, prompts };
    throw new InputError(
      Object.entries(wrong).flatMap(([key, list]) =>
        Array.isArray(list) ? [] : [{ message: `${key}: expected a list, one entry for each sample` }],
      ),
    );
  }
  const given = Array.isArray(labels) ? (labels as unknown[]) : [];
  if (prompts.length !== query.length || (given.length !== 0 && given.length !== query.length)) {
    throw new InputError([
      {
        message: `expected as many prompts and labels as queries (${query.length}), got ${prompts.length} and ${given.length}`,
      },
    ]);
  }
  return { query, prompts, labels: given };
}

function readRow({ text, prompt, label }: Row): Rollout & { problem?: string } {
  if (typeof prompt !== 'string') throw new InputError([{ message: 'prompts: expected text' }]);
  const { turns, prefill, isRendered } = parsePrompt(prompt);
  const rest = typeof text === 'string' ? afterPrompt(text, prompt) : undefined;
  const { text: response, ended } = stripEnding(rest ?? '');
  const rollout = rolloutOf({ messages: turns, ...fieldsOfLabel(label) }, prefill + response);
  if (rest === undefined) return { ...rollout, problem: 'query: expected text that begins with its prompt' };
  // Where the prompt shows special tokens and the answer does not end in one, the token limit cut it.
  return { ...rollout, finish: isRendered && !ended ? 'length' : 'stop' };
}
