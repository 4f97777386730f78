import { isRecord, own } from '@touchstone/core';
import type { JsonValue, Message } from '@touchstone/spec';

/**
 * Role names of the trainers and chat templates in use. What a tool was asked and what it said is on the model's side:
 * the prompt is what the user said last.
 */
const ROLES = new Map<string, Message['role'] | 'tool'>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['human', 'user'],
  ['assistant', 'assistant'],
  ['nova_assistant', 'assistant'],
  ['bot', 'assistant'],
  ['model', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
  ['ipython', 'tool'],
  ['observation', 'tool'],
]);

/** Parts that are text. Without a type, a part with text is text, as Gemini has it. */
const TEXT_PARTS = new Set<unknown>(['text', 'input_text', 'output_text', undefined, null]);
/** Parts that are no text and that an answer may have beside it. */
const ASIDES = new Set<unknown>(['thinking', 'redacted_thinking', 'reasoning', 'tool_use', 'tool_call']);

/** How the turns of a prompt read. */
export interface Turns {
  messages: Message[];
  /** What the model's answer was begun with, in the prompt: the text of an assistant turn at its end, or nothing. */
  prefill: string;
}

/** What a turn's role means, in any case; undefined for a name that nobody uses. */
export function roleOf(turn: unknown): Message['role'] | 'tool' | undefined {
  const role = own(turn, 'role');
  return typeof role === 'string' ? ROLES.get(role.toLowerCase()) : undefined;
}

/**
 * The turns of a prompt as a trainer sends it, or undefined with the reasons added to `problems`. Where a data line would
 * be refused, what has one meaning is read: developer turns are system turns, wherever they stand; calls of tools and
 * their results are text of the model's turns; other keys of a turn say nothing; blank turns are left out. A blank
 * turn of the user, a part of a user's turn that alone holds what it says, and an unknown role are not guessed at.
 */
export function readTurns(value: JsonValue | undefined, key: string, problems: string[]): Turns | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`${key}: expected a list of at least one turn`);
    return undefined;
  }
  const before = problems.length;
  const messages: Message[] = [];
  let prefill = '';
  for (const [index, turn] of value.entries()) {
    const role = roleOf(turn);
    const at = `${key}[${index}]`;
    if (role === undefined) {
      problems.push(`${at}.role: expected system, user, assistant or tool`);
      continue;
    }
    const content = promptText(own(turn, 'content'));
    if (content === undefined) problems.push(`${at}.content: expected text or a list of parts`);
    else if (role === 'user') {
      if (content.isSaid) messages.push({ role, content: content.text });
      else problems.push(`${at}.content: expected text: a judge reads nothing else`);
    } else {
      const text = [...(content.text.trim() === '' ? [] : [content.text]), ...callsOf(turn)].join('\n');
      if (text === '') continue;
      if (role === 'assistant' && index === value.length - 1 && text === content.text) prefill = text;
      else if (role === 'tool') messages.push({ role: 'assistant', content: `Result of a tool: ${text}` });
      else messages.push({ role, content: text });
    }
  }
  if (problems.length > before) return undefined;
  if (!messages.some(({ role }) => role === 'user')) {
    problems.push(`${key}: expected at least one user turn, got none`);
    return undefined;
  }
  return { messages, prefill };
}

/** The calls of tools that a turn of the model makes, a line each. */
function callsOf(turn: unknown): string[] {
  const calls = own(turn, 'tool_calls');
  return Array.isArray(calls) ? calls.map((call: unknown) => `Call of a tool: ${JSON.stringify(call)}`) : [];
}

/**
 * Text of the content of a turn that asks. A part that is no text leaves its name: who reads the text can see that there
 * was something. `isSaid` is false where there is no other text.
 */
function promptText(content: unknown): { text: string; isSaid: boolean } | undefined {
  const parts = partsOf(content);
  if (parts === undefined) return undefined;
  const isSaid = parts.some((part) => typeof part === 'string' && part.trim() !== '');
  return {
    text: parts.map((part) => (typeof part === 'string' ? part : `[${part.other}]`)).join('\n'),
    isSaid,
  };
}

/**
 * The text of an answer: text; a list of parts, of which those of text count; a turn, or a list of turns that ends with
 * it. An answer of nothing is an answer.
 *
 * @returns undefined when it is none of these, or has parts and none of text.
 */
export function answerText(answer: unknown): string | undefined {
  const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer;
  const isTurn = isRecord(last) && Object.hasOwn(last, 'role');
  if (isTurn ? roleOf(last) !== 'assistant' : answer === null || answer === undefined) return undefined;
  const parts = partsOf(isTurn ? own(last, 'content') : answer);
  const texts = parts?.filter((part) => typeof part === 'string');
  if (parts === undefined || texts === undefined || (texts.length === 0 && parts.length > 0))
    return undefined;
  // Parts of one answer are one text: a line end between them could break a JSON string.
  return texts.join('');
}

/** The parts of a content: their text, or the name of what else they are. */
function partsOf(content: unknown): (string | { other: string })[] | undefined {
  if (content === null || content === undefined) return [];
  if (typeof content === 'string') return [wellFormed(content)];
  if (!Array.isArray(content)) return isRecord(content) ? partsOf([content]) : undefined;
  return content.flatMap((part: unknown): (string | { other: string })[] => {
    if (typeof part === 'string') return [wellFormed(part)];
    const type = own(part, 'type');
    const text = own(part, type === 'refusal' ? 'refusal' : 'text');
    if (ASIDES.has(type) || own(part, 'thought') === true) return [];
    if (typeof text === 'string' && (type === 'refusal' || TEXT_PARTS.has(type))) return [wellFormed(text)];
    return [{ other: typeof type === 'string' && /^\w{1,20}$/.test(type) ? type : 'part' }];
  });
}

/** Half of a surrogate pair is no character; judges refuse requests that hold one. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
