import { createDispatcher, type ModelAccess } from '@touchstone/core';
import type { JsonValue, LanguageModel, ModelRequest, Task } from '@touchstone/spec';
import { userTextOf, type Reply } from '../provider/asked.js';
import { modelOf } from '../provider/model.js';
import { ProviderSimulator } from '../provider/provider.js';
import { markerOf } from './prompt.js';

/** What a simulated judge reads out of the prompt that it was sent. */
export interface SimulatedPrompt {
  /** The reply id that the prompt asks for. */
  id: string;
  system: string;
  user: string;
}

export interface JudgeSimulator {
  model: LanguageModel;
  requests: ModelRequest[];
}

/**
 * A judge simulator: a language model in this process that reads the rendered prompt and answers by rule.
 *
 * @param reply the reply without its id, or the reply's text as it is, or more of it.
 */
export function judgeSimulator(
  reply: (prompt: SimulatedPrompt) => JsonValue | { whole: Partial<Reply> },
  name = 'judge',
): JudgeSimulator {
  const requests: ModelRequest[] = [];
  const provider = new ProviderSimulator({
    respond(asked): Reply {
      requests.push(asked.request);
      const user = userTextOf(asked);
      const id = markerOf(user);
      const given = reply({ id, system: asked.request.messages[0]!.content, user });
      const usage = { inputTokens: 10, outputTokens: 2 };
      if (typeof given === 'object' && given !== null && 'whole' in given)
        return { text: '', ...usage, ...(given.whole as Partial<Reply>) };
      return {
        text: typeof given === 'string' ? given : JSON.stringify({ id, ...(given as object) }),
        ...usage,
      };
    },
  });
  return { model: modelOf(provider, `simulator:${name}`), requests };
}

/** A way to one model. */
export const accessTo = (model: LanguageModel): ModelAccess => ({
  model,
  fallbacks: [],
  dispatcher: createDispatcher({ concurrency: 8, timeout_seconds: 5, attempts: 1, seed: 1 }),
});

export const task: Task = {
  id: 't',
  messages: [{ role: 'user', content: 'Say something.' }],
  reference: 'the reference',
  metadata: {},
};

/** Rollouts of one group, ids `r0`, `r1`, … */
export const groupOf = (...responses: string[]) =>
  responses.map((response, i) => ({ id: `r${i}`, task, response }));
