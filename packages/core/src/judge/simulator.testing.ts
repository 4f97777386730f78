import type { JsonValue, LanguageModel, ModelReply, ModelRequest, Task } from '@touchstone/spec';
import type { ModelAccess } from './asking-judge.js';
import { createDispatcher, type Dispatcher } from '../dispatch/dispatcher.js';

/** What a simulated judge reads out of the prompt that it was sent. */
export interface SimulatedPrompt {
  /** The reply id that the prompt asks for. */
  id: string;
  system: string;
  user: string;
  request: ModelRequest;
}

export interface Simulator {
  model: LanguageModel;
  requests: ModelRequest[];
}

/**
 * A judge simulator: a language model in this process that reads the rendered prompt and answers by rule.
 *
 * @param reply the reply without its id, or the reply's text as it is, or more of it.
 */
export function simulator(
  reply: (prompt: SimulatedPrompt) => JsonValue | { whole: Partial<ModelReply> },
  name = 'judge',
): Simulator {
  const requests: ModelRequest[] = [];
  const model: LanguageModel = {
    id: `simulator:${name}`,
    version: '1',
    structuredOutput: false,
    async generate(request) {
      requests.push(request);
      const user = request.messages.at(-1)!.content;
      const id = /The reply id is (\w+)$/.exec(user)?.[1] ?? '';
      const said = reply({ id, system: request.messages[0]!.content, user, request });
      await new Promise((resolve) => setImmediate(resolve));
      const usage = { inputTokens: 10, outputTokens: 2 };
      if (typeof said === 'object' && said !== null && 'whole' in said)
        return { text: '', finish: 'stop', ...usage, ...(said.whole as Partial<ModelReply>) };
      const text = typeof said === 'string' ? said : JSON.stringify({ id, ...(said as object) });
      return { text, finish: 'stop', ...usage };
    },
  };
  return { model, requests };
}

const dispatcher = (): Dispatcher =>
  createDispatcher({ concurrency: 8, timeout_seconds: 5, attempts: 1, seed: 1 });

/** A way to one model. */
export const accessTo = (model: LanguageModel): ModelAccess => ({
  model,
  fallbacks: [],
  dispatcher: dispatcher(),
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

/** The text between the tags of a prompt. */
export function sectionOf(user: string, tag: string): string {
  return user.split(`<${tag}>\n`)[1]!.split(`\n</${tag}>`)[0]!;
}

/** Candidates of a group's prompt, by the order they are shown in. */
export function candidatesIn(user: string): { id: string; text: string }[] {
  return [...user.matchAll(/<candidate id="(\w+)">\n(.*?)\n<\/candidate>/gs)].map(([, id, text]) => ({
    id: id!,
    text: text!,
  }));
}
