import type { Task } from '@touchstone/spec';
import { readJsonLines, recordsOrThrow, shorten } from './json-lines.js';
import type { LineProblem, Parsed } from './json-lines.js';
import type { Meant } from './mistaken-keys.js';
import { parseTaskLine } from './task-line.js';

/**
 * Reads tasks from a JSON Lines file. Bad lines, and lines whose id came before, are left out and named in `problems`.
 *
 * @param meant fields that `parseTaskLine` is to take as they stand.
 * @throws {InputError} when the file is missing, a folder, empty or not JSON Lines in UTF-8.
 */
export async function readTasks(
  path: string,
  meant?: Meant,
): Promise<{ tasks: Task[]; problems: LineProblem[] }> {
  const seen = new Map<string, number>();
  const { records, problems } = await readJsonLines(path, (value, line): Parsed<Task> => {
    const parsed = parseTaskLine(value, { meant });
    if ('problems' in parsed) return parsed;
    const { id } = parsed.value;
    const earlier = seen.get(id);
    if (earlier !== undefined)
      return { problems: [`the task "${shorten(id)}" is already on line ${earlier}`] };
    seen.set(id, line);
    return parsed;
  });
  return { tasks: records, problems };
}

/** As `readTasks`. @throws {InputError} also when a line is bad; it names every bad line as `file:line`. */
export async function readTasksStrict(path: string, meant?: Meant): Promise<Task[]> {
  const { tasks, problems } = await readTasks(path, meant);
  return recordsOrThrow(path, { records: tasks, problems });
}
