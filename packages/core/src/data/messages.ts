import type { JsonValue, Message } from '@touchstone/spec';
import { shorten } from './json-lines.js';
import { describe, isObject, member } from '../text/json-value.js';

/** Role names of the data formats in use, and the three that a task knows. */
const ROLES = new Map<string, Message['role']>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['bot', 'assistant'],
  ['nova_assistant', 'assistant'],
]);

/**
 * The turns of a conversation, or undefined with the reasons added to `problems`, each starting with `key`.
 * Rules: at least one user turn, a system turn only if the first turn is one, role names in any case, content is text or
 * a list of text parts (joined by line ends) and never blank, no keys but `role` and `content`.
 */
export function parseMessages(
  value: JsonValue | undefined,
  key: string,
  problems: string[],
): Message[] | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`${key}: expected a list of at least one turn, got ${describe(value)}`);
    return undefined;
  }
  const before = problems.length;
  const messages: Message[] = [];
  value.forEach((turn, index) => {
    const at = `${key}[${index}]`;
    if (!isObject(turn)) {
      problems.push(`${at}: expected an object with role and content, got ${describe(turn)}`);
      return;
    }
    const role = parseRole(member(turn, 'role'), at, problems);
    const content = parseContent(member(turn, 'content'), at, problems);
    for (const [name, extra] of Object.entries(turn)) {
      // Some exporters write every optional key as null.
      if (name !== 'role' && name !== 'content' && extra !== null) {
        problems.push(`${at}: unknown key "${shorten(name)}", expected only role and content`);
      }
    }
    if (role !== undefined && content !== undefined) messages.push({ role, content });
  });
  if (problems.length > before) return undefined;
  if (!messages.some(({ role }) => role === 'user')) {
    problems.push(`${key}: expected at least one user turn, got none`);
  }
  const system = messages.findIndex(({ role }) => role === 'system');
  if (system > 0 && messages[0]?.role !== 'system') {
    problems.push(`${key}[${system}]: expected the system turn first`);
  }
  return problems.length > before ? undefined : messages;
}

export function parseRole(
  value: JsonValue | undefined,
  at: string,
  problems: string[],
): Message['role'] | undefined {
  const role = typeof value === 'string' ? ROLES.get(value.toLowerCase()) : undefined;
  if (role === undefined) {
    const came = typeof value === 'string' ? `"${shorten(value)}"` : describe(value);
    problems.push(`${at}.role: expected system, user or assistant, got ${came}`);
  }
  return role;
}

function parseContent(value: JsonValue | undefined, at: string, problems: string[]): string | undefined {
  if (typeof value === 'string' && value.trim() !== '') return value;
  if (!Array.isArray(value) || value.length === 0) {
    problems.push(`${at}.content: expected text that is not blank, got ${describe(value)}`);
    return undefined;
  }
  const texts: string[] = [];
  value.forEach((part, index) => {
    const text = isObject(part) && member(part, 'type') === 'text' ? member(part, 'text') : undefined;
    if (typeof text === 'string') texts.push(text);
    else
      problems.push(
        `${at}.content[${index}]: expected {"type": "text", "text": "..."}, got another kind of part`,
      );
  });
  const joined = texts.join('\n');
  if (texts.length === value.length && joined.trim() === '') {
    problems.push(`${at}.content: expected text that is not blank, got blank parts`);
  }
  return joined;
}
