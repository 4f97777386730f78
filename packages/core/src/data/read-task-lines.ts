import type { JsonValue, Task } from '@touchstone/spec';
import { readJsonLines, recordsOrThrow, shorten } from './json-lines.js';
import type { LineProblem, Parsed } from './json-lines.js';

/**
 * Reads lines that are a task and more (an answer, labels). Several lines may share a task, but its id must mean the
 * same prompt and reference on all of them, because statistics are grouped by it. Tasks that are copies of an earlier one in everything
 * but the id get its id: they show nothing new, and would count as further tasks.
 *
 * @throws {InputError} naming every bad line as `file:line`, or when the file is not JSON Lines at all.
 */
export async function readTaskLines<T extends { task: Task }>(
  path: string,
  parse: (value: JsonValue) => Parsed<T>,
): Promise<T[]> {
  return recordsOrThrow(path, await readUsableTaskLines(path, parse));
}

/** The same without the bad lines, which are named. @throws {InputError} the file is not JSON Lines at all. */
export async function readUsableTaskLines<T extends { task: Task }>(
  path: string,
  parse: (value: JsonValue) => Parsed<T>,
): Promise<{ records: T[]; problems: LineProblem[] }> {
  const seen = new Map<string, { line: number; prompt: string; reference: string }>();
  const read = await readJsonLines(path, (value, line): Parsed<T> => {
    const parsed = parse(value);
    if ('problems' in parsed) return parsed;
    const { id, messages, reference: stated } = parsed.value.task;
    const [prompt, reference] = [JSON.stringify(messages), JSON.stringify(stated)];
    const earlier = seen.get(id);
    if (earlier === undefined) seen.set(id, { line, prompt, reference });
    else if (earlier.prompt !== prompt || earlier.reference !== reference) {
      const differs = earlier.prompt === prompt ? 'reference' : 'prompt';
      return { problems: [`the id "${shorten(id)}" stands for another ${differs} on line ${earlier.line}`] };
    }
    return parsed;
  });
  return { ...read, records: withoutCopies(read.records) };
}

function withoutCopies<T extends { task: Task }>(lines: readonly T[]): T[] {
  const told = new Map<string, string[]>();
  for (const { task, ...rest } of lines) {
    const { id, ...asked } = task;
    const own = told.get(id) ?? [];
    own.push(JSON.stringify([asked, rest]));
    told.set(id, own);
  }
  const first = new Map<string, string>();
  const originals = new Map<string, string>();
  for (const [id, own] of told) {
    const content = own.sort().join('\n');
    if (!first.has(content)) first.set(content, id);
    originals.set(id, first.get(content)!);
  }
  return lines.map((line) => ({ ...line, task: { ...line.task, id: originals.get(line.task.id)! } }));
}
