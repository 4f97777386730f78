import { InputError } from '@touchstone/spec';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { pathInside } from './inside.js';

/** A module of the user's own code, as a configuration names it. */
export const moduleName = z
  .string()
  .regex(/\.m?[jt]s$/, 'expected a file that ends in .ts, .mts, .js or .mjs');

/** @throws {Error} that says why the module cannot be loaded. */
export type ModuleUrl = (path: string) => Promise<string>;

/** Where the files are that a configuration names, and how those of them are loaded that are code. */
export interface FileContext {
  /** The configuration's folder. */
  baseDir: string;
  /**
   * What Node's `import` takes for a module of the user's own code, by its absolute path. By default that of the file, which
   * runs TypeScript only in the versions of Node that strip types.
   */
  moduleUrl?: ModuleUrl | undefined;
}

/**
 * The default export of a module of the user's own code, which must be a function.
 *
 * @param file as the configuration names it.
 * @param expected what the function must look like, for messages.
 * @throws {InputError} at once when the module is missing or outside of the configuration's folder; later, when it cannot
 *   be loaded or its default export is no function.
 */
export function loadFunction<F extends (...args: never[]) => unknown>(
  file: string,
  context: FileContext,
  expected: string,
): Promise<F> {
  return load(findModule(file, context), file, expected) as Promise<F>;
}

async function load(url: Promise<string>, file: string, expected: string): Promise<unknown> {
  const found = await url;
  let module: unknown;
  try {
    module = await import(found);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw moduleError(file, `cannot be loaded: ${messageOf(cause)}`, cause);
  }
  const { default: main } = module as { default?: unknown };
  if (typeof main === 'function') return main;
  throw moduleError(file, `has no function as default export; expected ${expected}`);
}

/**
 * What Node's `import` takes for a module of the user's own code.
 *
 * @throws {InputError} as `loadFunction`, but for what the module holds.
 */
export function findModule(file: string, { baseDir, moduleUrl = urlOfFile }: FileContext): Promise<string> {
  return moduleUrl(pathInside(baseDir, file, 'the module')).catch((cause: unknown) => {
    if (cause instanceof InputError) throw cause;
    throw moduleError(file, `cannot be loaded: ${messageOf(cause)}`, cause);
  });
}

async function urlOfFile(path: string): Promise<string> {
  const stripsTypes = Boolean((process.features as { typescript?: unknown }).typescript);
  if (/\.m?ts$/.test(path) && !stripsTypes) {
    throw new Error(
      `Node ${process.version} does not run TypeScript; expected Node 22.18 or later, or a module in JavaScript`,
    );
  }
  return pathToFileURL(path).href;
}

/** What is wrong with a module of the user's own code. */
export function moduleError(file: string, message: string, cause?: unknown): InputError {
  return InputError.at({ file }, `the module ${message}`, { cause });
}

/** What was thrown, in a line: user code may throw anything. */
export function messageOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  return cause instanceof Error ? cause.message : 'something that is no error';
}
