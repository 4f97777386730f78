import { InputError } from '@touchstone/spec';
import { readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';

/**
 * The absolute path of a file that a check names. Links are followed before it is compared, so that none leads out.
 *
 * @param what the file is, for messages: "the JSON Schema".
 * @throws {InputError} when it is missing or not below `baseDir`, the configuration's folder.
 */
export function pathInside(baseDir: string, file: string, what: string): string {
  try {
    const base = realpathSync(baseDir);
    const path = realpathSync(resolve(base, file));
    const inside = relative(base, path);
    if (inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside))
      return path;
  } catch (cause) {
    throw unreadable(baseDir, file, what, cause);
  }
  throw InputError.at({ file }, `${what} must be in the configuration's folder, ${baseDir}, or below it`);
}

/** @throws {InputError} as `pathInside`, and when the file cannot be read. */
export function readInside(baseDir: string, file: string, what: string): string {
  const path = pathInside(baseDir, file, what);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(baseDir, file, what, cause);
  }
}

function unreadable(baseDir: string, file: string, what: string, cause: unknown): InputError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
  return InputError.at({ file }, `cannot read ${what} (${code}); looked in ${baseDir}`, { cause });
}
