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

export interface DatasetReport {
  findings: Finding[];
  /** Bytes of each line as JSON, or empty when there is none. */
  bytes: number[];
}

/** Training data by the rules that AWS checks it with before a job is taken (the Nova Forge SDK's validator). */
export async function examineDataset(path: string): Promise<DatasetReport> {
  const lines = (await readFile(path, 'utf8')).split('\n').map((text, i) => ({ text, line: i + 1 }));
  const problems: string[] = [];
  const bytes: number[] = [];
  let withoutReference = 0;
  for (const { text, line } of lines) {
    if (text.trim() === '') continue;
    const problem = lineProblem(text);
    if (problem.message !== undefined) problems.push(`line ${line}: ${problem.message}`);
    if (!problem.hasReference) withoutReference++;
    bytes.push(Buffer.byteLength(text));
  }
  const findings = [
    problems.length === 0
      ? ok('Training data', `${bytes.length} lines in the format that AWS takes`)
      : failed('Training data', listed(problems)),
  ];
  if (bytes.length < FEWEST || bytes.length > MOST) {
    findings.push(warning('Training examples', `${bytes.length}; AWS takes ${FEWEST} to ${MOST}`));
  }
  if (withoutReference > 0 && withoutReference < bytes.length) {
    findings.push(
      warning('References', `${withoutReference} of ${bytes.length} lines have no reference_answer`),
    );
  }
  return { findings, bytes };
}

function listed(problems: readonly string[]): string {
  const rest = problems.length > NAMED ? `; and ${problems.length - NAMED} lines more` : '';
  return problems.slice(0, NAMED).join('; ') + rest;
}

/** What AWS would refuse of one line, if anything. */
export function lineProblem(text: string): { message?: string; hasReference: boolean } {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return { message: 'not JSON', hasReference: false };
  }
  if (!isRecord(value)) return { message: 'expected an object', hasReference: false };
  const { id, reference_answer: reference, tools, messages } = value;
  const message =
    idProblem(id) ?? messagesProblem(messages) ?? referenceProblem(reference) ?? toolsProblem(tools);
  return { ...(message === undefined ? {} : { message }), hasReference: reference != null };
}

function idProblem(id: JsonValue | undefined): string | undefined {
  if (id === undefined || (typeof id === 'string' && id.trim() !== '')) return undefined;
  return 'id: expected text that is not blank';
}

function messagesProblem(messages: JsonValue | undefined): string | undefined {
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: expected a list of turns';
  const roles: string[] = [];
  for (const [i, turn] of messages.entries()) {
    if (!isRecord(turn)) return `messages[${i}]: expected an object`;
    const strange = Object.keys(turn).find((key) => !MESSAGE_KEYS.includes(key));
    if (strange !== undefined) return `messages[${i}]: the key "${strange}" is not taken`;
    const { role, content } = turn;
    const name = typeof role === 'string' ? role.toLowerCase() : '';
    if (role !== undefined && !ROLES.includes(name))
      return `messages[${i}].role: expected ${ROLES.join(', ')}`;
    if (isBlank(content)) return `messages[${i}].content: expected text that is not blank`;
    roles.push(name);
  }
  if (roles.includes('system') && roles[0] !== 'system') return 'messages: the system turn must be the first';
  return roles.includes('user') ? undefined : 'messages: expected a turn of the user';
}

function isBlank(content: JsonValue | undefined): boolean {
  return (
    (typeof content === 'string' && content.trim() === '') || (Array.isArray(content) && content.length === 0)
  );
}

function referenceProblem(reference: JsonValue | undefined): string | undefined {
  if (reference === undefined || (typeof reference === 'string' && reference.trim() !== '')) return undefined;
  if (isRecord(reference) && Object.keys(reference).length > 0) return undefined;
  return 'reference_answer: expected text or an object that is not empty';
}

function toolsProblem(tools: JsonValue | undefined): string | undefined {
  if (tools === undefined) return undefined;
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
  }
  return undefined;
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
