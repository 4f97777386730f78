import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '@touchstone/spec';
import { consistencyProblems } from './consistency.js';
import { explain } from './explain.js';
import { configJsonSchema } from './json-schema.js';
import { modelProblems } from './model-problems.js';
import { missingFiles } from './references.js';
import { configSchema, scoringSchema } from './schema.js';
import type { Config, ScoringConfig } from './schema.js';
import { parseYaml } from './yaml-source.js';
import type { YamlSource } from './yaml-source.js';

/** A valid configuration and where it stands. */
export interface LoadedConfig {
  config: Config;
  /** Folder of the file, absolute; the configuration's paths are relative to it. */
  baseDir: string;
  /** The file as the user wrote it. */
  text: string;
}

/**
 * Reads and validates `touchstone.yaml`.
 *
 * @param path the file, or the folder that holds a `touchstone.yaml`.
 * @throws {InputError} with all problems at once, each at `file:line:column`: syntax; unknown, missing and wrong keys;
 *   parts that need one another; files that are not there.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const { file, text } = await readConfig(path);
  const { config, source } = parseConfig(text, file);
  const baseDir = dirname(resolve(file));
  const problems = [
    ...consistencyProblems(config, source),
    ...modelProblems(config, source),
    ...(await missingFiles(config, baseDir, source)),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return { config, baseDir, text };
}

/**
 * Reads and validates what scoring needs of a `touchstone.yaml`: it may lack `policy`, `data` and, where checks decide,
 * `judge`.
 *
 * @throws {InputError} as `loadConfig`.
 */
export async function loadScoringConfig(path: string): Promise<{ config: ScoringConfig; baseDir: string }> {
  const { file, text } = await readConfig(path);
  const source = parseSource(text, file);
  const result = scoringSchema.safeParse(source.value);
  if (!result.success) throw new InputError(explain(result.error.issues, source, configJsonSchema()));
  const baseDir = dirname(resolve(file));
  const problems = [
    ...modelProblems(result.data, source),
    ...(await missingFiles(result.data, baseDir, source)),
  ];
  if (problems.length > 0) throw new InputError(problems);
  return { config: result.data, baseDir };
}

/**
 * The configuration in `text`, without a look at the files it names.
 *
 * @param file name for messages.
 * @throws {InputError} as `loadConfig`.
 */
export function parseConfig(text: string, file: string): { config: Config; source: YamlSource } {
  const source = parseSource(text, file);
  const result = configSchema.safeParse(source.value);
  if (!result.success) throw new InputError(explain(result.error.issues, source, configJsonSchema()));
  return { config: result.data, source };
}

function parseSource(text: string, file: string): YamlSource {
  const source = parseYaml(text, file);
  if (source.value === null) {
    throw InputError.at({ file }, 'the configuration is empty: "touchstone init" writes one to start from');
  }
  return source;
}

async function readConfig(path: string): Promise<{ file: string; text: string }> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, 'touchstone.yaml') : path;
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const why =
      code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `it cannot be read (${code})`;
    throw InputError.at({ file }, `${why}; "touchstone init" writes a configuration to start from`, {
      cause,
    });
  }
  try {
    return { file, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw InputError.at({ file }, 'not UTF-8 text: save the configuration in the UTF-8 encoding', { cause });
  }
}
