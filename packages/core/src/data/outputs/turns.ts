import type { JsonValue, Message, Rollout } from '@touchstone/spec';
import { describe, isObject, member } from '../../text/json-value.js';
import { shorten } from '../json-lines.js';
import { parseRole } from '../messages.js';

/** A call of a tool, as the model wrote it. */
interface ToolCall {
  id: string | undefined;
  name: string;
  input: string;
}

/** One turn of a conversation with tools. */
export interface Turn {
  role: Message['role'] | 'tool';
  text: string;
  calls: ToolCall[];
  /** What tools returned, by the name of the tool where that is known. */
  results: { name: string | undefined; text: string }[];
  /** The model said that it will not answer: `text` is what it said. */
  isRefusal: boolean;
}

/** Why turns could not be read: what is no turn at all, and what is one that cannot be shown as text. */
export interface TurnTroubles {
  problems: string[];
  odd: string[];
}

/**
 * Turns in OpenAI's chat form, with `tool_calls`, turns of tools, and content that is null, text or a list of parts; parts of Azure's
 * agents (`tool_call`, `tool_result`) too.
 */
export function readTurns(value: JsonValue | undefined, key: string, troubles: TurnTroubles): Turn[] {
  if (!Array.isArray(value)) {
    troubles.problems.push(`${key}: expected a list of turns, got ${describe(value)}`);
    return [];
  }
  const names = new Map<string, string>();
  return value.flatMap((turn, i) => {
    const read = readTurn(turn, `${key}[${i}]`, names, troubles);
    for (const { id, name } of read?.calls ?? []) if (id) names.set(id, name);
    return read ? [read] : [];
  });
}

/** One turn. @param names of the tools that were called, by the id of the call. */
function readTurn(
  value: JsonValue,
  at: string,
  names: ReadonlyMap<string, string>,
  troubles: TurnTroubles,
): Turn | undefined {
  if (!isObject(value)) {
    troubles.problems.push(`${at}: expected an object with role and content, got ${describe(value)}`);
    return undefined;
  }
  const said = member(value, 'role');
  const role = said === 'tool' || said === 'function' ? 'tool' : parseRole(said, at, troubles.problems);
  if (role === undefined) return undefined;
  const turn: Turn = { role, text: '', calls: [], results: [], isRefusal: false };
  addContent(turn, member(value, 'content') ?? null, `${at}.content`, names, troubles);
  const calls = member(value, 'tool_calls') ?? [];
  if (!Array.isArray(calls))
    troubles.problems.push(`${at}.tool_calls: expected a list, got ${describe(calls)}`);
  else calls.forEach((call, i) => addCall(turn, call, `${at}.tool_calls[${i}]`, troubles));
  const old = member(value, 'function_call') ?? null;
  if (old !== null) addCall(turn, { function: old }, `${at}.function_call`, troubles);
  const refusal = member(value, 'refusal') ?? null;
  if (typeof refusal === 'string' && refusal !== '' && turn.text === '') {
    turn.text = refusal;
    turn.isRefusal = true;
  }
  if (role === 'tool') {
    const [id, name] = [member(value, 'tool_call_id'), member(value, 'name')];
    const known =
      typeof name === 'string' && name !== '' ? name : typeof id === 'string' ? names.get(id) : undefined;
    if (turn.text !== '' || turn.results.length === 0) turn.results.unshift({ name: known, text: turn.text });
    turn.text = '';
  }
  return turn;
}

function addContent(
  turn: Turn,
  content: JsonValue,
  at: string,
  names: ReadonlyMap<string, string>,
  troubles: TurnTroubles,
): void {
  if (content === null) return;
  if (typeof content === 'string') {
    turn.text = content;
    return;
  }
  if (!Array.isArray(content)) {
    troubles.problems.push(`${at}: expected text, a list of parts or null, got ${describe(content)}`);
    return;
  }
  const texts: string[] = [];
  content.forEach((part, i) => {
    const kind = isObject(part) ? member(part, 'type') : undefined;
    if (!isObject(part) || typeof kind !== 'string') {
      troubles.problems.push(`${at}[${i}]: expected a part with a type, got ${describe(part)}`);
      return;
    }
    if (kind === 'text' || kind === 'input_text' || kind === 'output_text') {
      const text = member(part, 'text');
      if (typeof text === 'string') texts.push(text);
      else troubles.problems.push(`${at}[${i}].text: expected text, got ${describe(text)}`);
    } else if (kind === 'refusal') {
      texts.push(textOf(member(part, 'refusal')));
      turn.isRefusal = true;
    } else if (kind === 'tool_call') {
      addCall(turn, part, `${at}[${i}]`, troubles);
    } else if (kind === 'tool_result') {
      const id = member(part, 'tool_call_id');
      const result = member(part, 'tool_result') ?? member(part, 'result');
      turn.results.push({ name: typeof id === 'string' ? names.get(id) : undefined, text: textOf(result) });
    } else {
      troubles.odd.push(
        `${at}[${i}] is of type "${shorten(kind)}", which cannot be shown to a judge as text`,
      );
    }
  });
  turn.text = texts.join('\n');
}

/** OpenAI's `{function: {name, arguments}}` and `{custom: {name, input}}`, and Azure's `{name, arguments}`. */
function addCall(turn: Turn, call: JsonValue, at: string, { problems }: TurnTroubles): void {
  const nested = isObject(call)
    ? (member(call, 'function') ?? member(call, 'custom') ?? member(call, 'tool_call') ?? call)
    : null;
  const name = isObject(nested) ? member(nested, 'name') : undefined;
  if (!isObject(call) || !isObject(nested) || typeof name !== 'string') {
    problems.push(`${at}: expected a call with a function and its name, got ${describe(call)}`);
    return;
  }
  const id = member(call, 'id') ?? member(call, 'tool_call_id');
  const input = member(nested, 'arguments') ?? member(nested, 'input') ?? '';
  turn.calls.push({ id: typeof id === 'string' ? id : undefined, name, input: textOf(input) });
}

const textOf = (value: JsonValue | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** Turns as what a model was asked. Tools that were used before are told as the assistant's text. */
export const askedOf = (turns: readonly Turn[]): Message[] =>
  turns.map((turn) => ({ role: turn.role === 'tool' ? 'assistant' : turn.role, content: withTools(turn) }));

/** A whole conversation: what stands up to the last turn of a user was asked, and the rest is the answer. */
export function splitTurns(turns: readonly Turn[]): { asked: Message[]; answered: Turn[] } {
  const last = turns.findLastIndex(({ role }) => role === 'user');
  return { asked: askedOf(turns.slice(0, last + 1)), answered: turns.slice(last + 1) };
}

const withTools = (turn: Turn): string =>
  turn.calls.length + turn.results.length === 0 ? turn.text : toldOf(turn).join('\n');

/**
 * The turns after what was asked as one answer: the text of the last turn is the response, and what was done before it is told in
 * order. Of a turn that calls tools and says something the calls are told first, since what it says is the answer.
 *
 * @returns why there is no answer, where there is none.
 */
export function answerOfTurns(
  turns: readonly Turn[],
): Pick<Rollout, 'response' | 'trajectory'> | { odd: string } {
  const last = turns.at(-1);
  if (!last) return { odd: 'there is no turn of the assistant after the last one of the user' };
  if (last.role !== 'assistant') {
    return {
      odd: `expected the assistant's turn last, got one of the role ${last.role}: there is no answer`,
    };
  }
  const other = turns.find(({ role }) => role === 'system' || role === 'user');
  if (other) return { odd: `a turn of the role ${other.role} among the answer's` };
  const steps = turns.slice(0, -1);
  const silent = steps.find(
    ({ role, calls, results }) => role === 'assistant' && calls.length + results.length === 0,
  );
  if (silent)
    return {
      odd: 'several turns of the assistant one after another without a tool between them: which one is the answer is not said',
    };
  const told = [...steps.flatMap(toldOf), ...toldOf({ ...last, text: '' })];
  return { response: last.text, ...(told.length > 0 ? { trajectory: told.join('\n') } : {}) };
}

/** Each line of what models and tools wrote is indented, so that none of it can pass for a heading. */
function toldOf({ role, text, calls, results }: Turn): string[] {
  const block = (heading: string, body: string): string[] => [
    heading,
    ...body.split(/\r\n|[\n\r\u2028\u2029\v\f\u0085]/).map((line) => `  ${line}`),
  ];
  return [
    ...(text === '' || role === 'tool' ? [] : block('Text:', text)),
    ...calls.flatMap(({ name, input }) => block('Tool call:', input === '' ? name : `${name} ${input}`)),
    ...results.flatMap(({ name, text: result }) =>
      block('Tool result:', name === undefined ? result : `${name}: ${result}`),
    ),
  ];
}
