import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue, Message, Task } from '@touchstone/spec';
import { parseMessages } from './messages.js';
import { describe, isObject, jsonProblem, member } from '../text/json-value.js';
import { shorten, type Parsed } from './json-lines.js';
import { mistakenReference, NONE_MEANT, type Meant } from './mistaken-keys.js';

/** Keys that a task line gives a meaning to; every other key lands in `Task.metadata`. */
const KNOWN_KEYS = new Set(['id', 'messages', 'reference_answer', 'truth', 'metadata', 'tools']);
const PROMPT_KEYS = ['prompt', 'answer'];
const QUESTION_KEYS = ['question', 'system'];

/**
 * One line of training or evaluation data.
 *
 * The format is that of OpenAI and Amazon Nova reinforcement fine-tuning:
 * `{"id"?, "messages": [{"role", "content"}], "reference_answer"?, "metadata"?: {...}, ...}`. Two shorter spellings of
 * `messages` are understood: `prompt` (text or messages, with `answer` as the reference; also inside `metadata`) and
 * `question` with an optional `system`.
 *
 * - `reference_answer` and `truth` are looked up at the top level, then in `metadata`.
 * - Members of `metadata` and all other keys become `Task.metadata`; the top level wins.
 * - Without an `id` the task gets one from a hash of its content, the same on every machine; but a line of Nova's
 *   multi-turn environments (`prompt` with `task` or `info`) must have its own.
 * - Tasks are single-turn text: the last turn is the user's, tools and images are refused.
 *
 * - A key such as `expected` or `ground_truth` beside no reference is refused: it would be metadata, and a judge would miss it.
 *
 * @param readTurns reads the list of turns; another than the default reads what is sent to a server, where there is no
 *   file to mend.
 */
export function parseTaskLine(
  value: unknown,
  { readTurns = parsePrompt, meant = NONE_MEANT }: { readTurns?: TurnReader; meant?: Meant | undefined } = {},
): Parsed<Task> {
  const line = value as JsonValue;
  if (!isObject(line)) return { problems: [`expected a JSON object, got ${describe(line)}`] };
  const unclean = jsonProblem(line);
  if (unclean !== undefined) return { problems: [unclean] };

  const problems: string[] = [];
  const given = member(line, 'metadata') ?? {};
  if (!isObject(given)) problems.push(`metadata: expected an object, got ${describe(given)}`);
  const nested = isObject(given) ? given : {};
  const either = (key: string): JsonValue | undefined => member(line, key) ?? member(nested, key);

  const messages = turns(line, nested, problems, readTurns);
  const reference =
    either('reference_answer') ?? (messageKeys(line, nested) === 'prompt' ? either('answer') : null) ?? null;
  const mistaken = reference === null ? mistakenReference(line, meant) : undefined;
  if (mistaken !== undefined)
    problems.push(
      `"${shorten(mistaken)}": did you mean reference_answer? If it is not what a good answer says, put it under metadata`,
    );
  if (isEmpty(reference))
    problems.push(`reference_answer: expected content or no such key, got ${describe(reference)}`);
  const tools = member(line, 'tools') ?? [];
  if (!Array.isArray(tools) || tools.length > 0)
    problems.push('tools: not supported, expected a text-only task');
  const id = member(line, 'id') ?? null;
  if (id !== null && (typeof id !== 'string' || id.trim() === '')) {
    problems.push(`id: expected a text that is not blank, got ${describe(id)}`);
  }
  // Only Amazon Nova's multi-turn environments have these keys; they refuse lines without an id.
  const isNova =
    messageKeys(line, nested) === 'prompt' && (Object.hasOwn(line, 'info') || Object.hasOwn(line, 'task'));
  if (isNova && id === null)
    problems.push('id: expected a text: a multi-turn line of Amazon Nova needs one, got nothing');
  if (messages === undefined || problems.length > 0) return { problems };

  const metadata = collectMetadata(line, nested);
  const truth = either('truth');
  const content = { messages, reference, metadata };
  // `model` says who wrote an answer: that is no part of what it answers.
  const { model: _, ...ofTask } = metadata;
  return {
    value: {
      id: typeof id === 'string' ? id : contentId({ ...content, metadata: ofTask }),
      ...content,
      ...(truth === undefined || truth === null ? {} : { truth }),
    },
  };
}

/** Which spelling the line uses. */
function messageKeys(line: JsonObject, nested: JsonObject): 'messages' | 'prompt' | 'question' | undefined {
  if (Object.hasOwn(line, 'messages')) return 'messages';
  if (Object.hasOwn(line, 'prompt') || Object.hasOwn(nested, 'prompt')) return 'prompt';
  return Object.hasOwn(line, 'question') ? 'question' : undefined;
}

/** The turns of a prompt, or undefined with the reasons added to `problems`, each starting with `key`. */
export type TurnReader = (
  value: JsonValue | undefined,
  key: string,
  problems: string[],
) => Message[] | undefined;

const parsePrompt: TurnReader = (value, key, problems) => {
  const messages = parseMessages(value, key, problems);
  if (messages?.at(-1)?.role === 'assistant') {
    problems.push(
      "messages: expected the last turn to be the user's, got an assistant turn: lines with their answer belong in data.annotations",
    );
  }
  return messages;
};

function turns(
  line: JsonObject,
  nested: JsonObject,
  problems: string[],
  readTurns: TurnReader,
): Message[] | undefined {
  switch (messageKeys(line, nested)) {
    case 'messages':
      return readTurns(member(line, 'messages'), 'messages', problems);
    case 'prompt': {
      const prompt = member(line, 'prompt') ?? member(nested, 'prompt');
      const info = member(line, 'info') ?? member(nested, 'info') ?? {};
      if (!isObject(info)) problems.push(`info: expected an object, got ${describe(info)}`);
      const list = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
      return readTurns(list, 'prompt', problems);
    }
    case 'question': {
      const system = member(line, 'system') ?? null;
      const user = { role: 'user', content: member(line, 'question') ?? null };
      const list = system === null ? [user] : [{ role: 'system', content: system }, user];
      return readTurns(list, 'question', problems);
    }
    case undefined:
      problems.push('messages: expected a list of turns, got nothing');
      return undefined;
  }
}

/** Other members of `metadata`, then other keys of the line over them. */
function collectMetadata(line: JsonObject, nested: JsonObject): JsonObject {
  const used = messageKeys(line, nested);
  const taken = new Set(KNOWN_KEYS);
  if (used === 'prompt') for (const key of PROMPT_KEYS) taken.add(key);
  if (used === 'question') for (const key of QUESTION_KEYS) taken.add(key);
  // An id or messages inside `metadata` are the user's own fields; the answers are not, wherever they stand.
  const hidden =
    used === 'prompt' ? ['reference_answer', 'truth', ...PROMPT_KEYS] : ['reference_answer', 'truth'];
  return Object.fromEntries([
    ...Object.entries(nested).filter(([key]) => !hidden.includes(key)),
    ...Object.entries(line).filter(([key]) => !taken.has(key)),
  ]);
}

function isEmpty(value: JsonValue): boolean {
  if (typeof value === 'string') return value.trim() === '';
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function contentId(content: object): string {
  return `task-${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)}`;
}
