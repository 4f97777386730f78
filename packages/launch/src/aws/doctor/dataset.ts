import { readFile } from 'node:fs/promises';
import { isRecord } from '@touchstone/core';
import type { JsonValue } from '@touchstone/spec';
import { failed, ok, warning, type Finding } from '@touchstone/run';

/** What Bedrock takes; SageMaker asks for at least 100. */
const FEWEST = 100;
const MOST = 20_000;
/** Lines to name in one message. */
const NAMED = 3;

const MESSAGE_KEYS = ['role', 'content', 'tool_calls', 'tool_call_id'];
const ROLES = ['system', 'user', 'assistant', 'tool', 'bot', 'developer'];
/** Keys that every line has, or none. */
const ALL_OR_NONE = ['id', 'reference_answer', 'tools'];

export interface DatasetReport {
  findings: Finding[];
  /** Bytes of each line as JSON, or empty when there is none. */
  bytes: number[];
}

/**
 * Training data by the rules that AWS checks it with before a job is taken: the validator of the Nova Forge SDK, compared with
 * it in `recipes/sdk.test.ts`.
 */
export async function examineDataset(path: string): Promise<DatasetReport> {
  return examineTasks(await readFile(path, 'utf8'));
}

/** The same for a text of JSON Lines. */
export function examineTasks(text: string): DatasetReport {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((text, i) => ({ text, line: i + 1 }))
    .filter(({ text }) => text.trim() !== '');
  const examined = lines.map(({ text, line }) => ({ line, ...lineProblem(text) }));
  const problems = examined.flatMap(({ line, message }) =>
    message === undefined ? [] : [`line ${line}: ${message}`],
  );
  const findings = [
    problems.length === 0
      ? ok('Training data', `${lines.length} lines in the format that AWS takes`)
      : failed('Training data', listed(problems)),
    ...ALL_OR_NONE.flatMap((key) => unevenKey(key, examined)),
  ];
  if (lines.length < FEWEST || lines.length > MOST) {
    findings.push(
      warning(
        'Training examples',
        `${lines.length}, and AWS takes ${FEWEST} to ${MOST}: it will refuse the job. ${lines.length < FEWEST ? 'Add tasks to data.train' : 'Take some out of data.train'}`,
      ),
    );
  }
  return { findings, bytes: lines.map(({ text }) => Buffer.byteLength(text)) };
}

function listed(problems: readonly string[]): string {
  const rest = problems.length > NAMED ? `; and ${problems.length - NAMED} lines more` : '';
  return problems.slice(0, NAMED).join('; ') + rest;
}

function unevenKey(
  key: string,
  examined: readonly { line: number; keys: readonly string[]; message?: string }[],
): Finding[] {
  const lines = examined.filter(({ message }) => message === undefined);
  const without = lines.filter(({ keys }) => !keys.includes(key));
  if (without.length === 0 || without.length === lines.length) return [];
  return [
    failed(
      key,
      `${without.length} of ${lines.length} lines have none (the first is line ${without[0]!.line}): AWS takes it in all lines or in none`,
    ),
  ];
}

/** What AWS would refuse of one line, if anything; and which of its keys it has. */
export function lineProblem(text: string): { message?: string; keys: string[] } {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return { message: 'not JSON', keys: [] };
  }
  if (!isRecord(value)) return { message: 'expected an object', keys: [] };
  const { id, reference_answer: reference, tools, messages } = value;
  const message =
    idProblem(id) ?? messagesProblem(messages) ?? referenceProblem(reference) ?? toolsProblem(tools);
  return { ...(message === undefined ? {} : { message }), keys: Object.keys(value) };
}

/** Null is as good as nothing where a key may be missing. */
const isMissing = (value: unknown): value is null | undefined => value === undefined || value === null;

/** White space, control characters (some of which are white space to Python) and byte order marks. */
const BLANK = /^[\s\p{Cc}]*$/u;
/** Half of a pair: no UTF-8 can hold it. */
const TORN = /\p{Surrogate}/u;

const isWhole = (value: unknown): value is string => typeof value === 'string' && !TORN.test(value);
/** Text that is not blank. */
const isText = (value: unknown): value is string => isWhole(value) && !BLANK.test(value);

function idProblem(id: JsonValue | undefined): string | undefined {
  return isMissing(id) || isText(id) ? undefined : 'id: expected text that is not blank';
}

function messagesProblem(messages: JsonValue | undefined): string | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: expected a list of turns';
  const roles: string[] = [];
  for (const [i, turn] of messages.entries()) {
    const problem = turnProblem(turn);
    if (problem !== undefined) return `messages[${i}]${problem}`;
    const { role } = turn as Record<string, unknown>;
    const name = typeof role === 'string' ? role.toLowerCase() : '';
    roles.push(name === 'developer' ? 'system' : name);
  }
  if (roles.includes('system') && roles[0] !== 'system') {
    return 'messages: the turn of the system, or of the developer, must be the first';
  }
  return roles.includes('user') ? undefined : 'messages: expected a turn of the user';
}

function turnProblem(turn: JsonValue): string | undefined {
  if (!isRecord(turn)) return ': expected an object';
  const strange = Object.keys(turn).find((key) => !MESSAGE_KEYS.includes(key));
  if (strange !== undefined) return `: the key "${strange}" is not taken`;
  const { role, content, tool_calls: calls, tool_call_id: call } = turn;
  if (!isMissing(role) && !(typeof role === 'string' && ROLES.includes(role.toLowerCase()))) {
    return `.role: expected ${ROLES.join(', ')}`;
  }
  if (!isMissing(content) && !isText(content) && !(Array.isArray(content) && content.length > 0)) {
    return '.content: expected text that is not blank, or a list that is not empty';
  }
  if (!isMissing(calls) && !Array.isArray(calls)) return '.tool_calls: expected a list';
  return isMissing(call) || isWhole(call) ? undefined : '.tool_call_id: expected text';
}

function referenceProblem(reference: JsonValue | undefined): string | undefined {
  if (isMissing(reference) || isText(reference)) return undefined;
  if (isRecord(reference) && Object.keys(reference).length > 0) return undefined;
  return 'reference_answer: expected text or an object that is not empty';
}

function toolsProblem(tools: JsonValue | undefined): string | undefined {
  if (isMissing(tools)) return undefined;
  if (!Array.isArray(tools) || tools.length === 0) return 'tools: expected a list that is not empty';
  const names = new Set<string>();
  for (const [i, tool] of tools.entries()) {
    const called = isRecord(tool) && tool['type'] === 'function' ? tool['function'] : undefined;
    if (!isRecord(called)) return `tools[${i}]: expected {"type": "function", "function": {...}}`;
    const { name, description, parameters } = called;
    if (!isText(name) || !isText(description)) return `tools[${i}]: expected a name and a description`;
    if (names.has(name)) return `tools[${i}]: "${name}" is there twice`;
    names.add(name);
    if (!isRecord(parameters) || parameters['type'] !== 'object' || !isRecord(parameters['properties'])) {
      return `tools[${i}]: expected parameters of type object, with properties`;
    }
    const { required } = parameters;
    if (!isMissing(required) && !(Array.isArray(required) && required.every(isWhole))) {
      return `tools[${i}]: expected the parameters' required to be a list of names`;
    }
  }
  return undefined;
}
