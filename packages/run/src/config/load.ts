import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '@touchstone/spec';
import type { z } from 'zod';
import { consistencyProblems, evaluationProblems } from './consistency.js';
import { explain } from './explain.js';
import { configJsonSchema } from './json-schema.js';
import { modelProblems } from './model-problems.js';
import { missingFiles, type Purpose } from './references.js';
import {
  configSchema,
  examinationSchema,
  scoringSchema,
  type Config,
  type ExaminationConfig,
  type ScoringConfig,
} from './schema.js';
import { parseYaml, type Problem, type YamlSource } from './yaml-source.js';

/** A valid configuration and where it stands. */
export interface Loaded<C> {
  config: C;
  /** Folder of the file, absolute; the configuration's paths are relative to it. */
  baseDir: string;
  /** The file as the user wrote it. */
  text: string;
}
export type LoadedConfig = Loaded<Config>;

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
  return finish({ config, text, file }, source, consistencyProblems(config, source), 'run');
}

/**
 * Reads and validates what examining the judge needs of a `touchstone.yaml`: the policy and the tasks that it is trained
 * on may be missing.
 *
 * @throws {InputError} as `loadConfig`.
 */
export async function loadExaminationConfig(path: string): Promise<Loaded<ExaminationConfig>> {
  const { file, text } = await readConfig(path);
  const { config, source } = parseAs(examinationSchema, text, file);
  return finish({ config, text, file }, source, consistencyProblems(config, source), 'examine');
}

/**
 * Reads and validates what scoring needs of a `touchstone.yaml`: it may lack `policy`, `data` and, where checks decide,
 * `judge`.
 *
 * @throws {InputError} as `loadConfig`.
 */
export async function loadScoringConfig(path: string): Promise<Loaded<ScoringConfig>> {
  const { file, text } = await readConfig(path);
  const { config, source } = parseAs(scoringSchema, text, file);
  return finish({ config, text, file }, source, [], 'score');
}

/**
 * Reads and validates what an evaluation needs of a `touchstone.yaml`: all but what it evaluates may be missing. Its `output` has `-eval` behind it.
 *
 * @param path undefined: `touchstone.yaml` of this folder where there is one, else a configuration of defaults.
 * @param options.storedOnly stored answers were named: without a path they need no configuration, and one that lies there would ask its judge, for money.
 * @throws {InputError} as `loadConfig`; or a model that answers lacks the tasks to answer.
 */
export async function loadEvaluationConfig(
  path: string | undefined,
  { storedOnly = false }: { storedOnly?: boolean } = {},
): Promise<Loaded<ScoringConfig>> {
  // Beside a run's folder: what is in that is the run's.
  const beside = (config: ScoringConfig): ScoringConfig => ({ ...config, output: `${config.output}-eval` });
  if (path === undefined && (storedOnly || !existsSync('touchstone.yaml'))) {
    return { config: beside(scoringSchema.parse({})), baseDir: resolve('.'), text: '' };
  }
  const { file, text } = await readConfig(path ?? 'touchstone.yaml');
  const { config, source } = parseAs(scoringSchema, text, file);
  const problems = evaluationProblems(config, source);
  return finish({ config: beside(config), text, file }, source, problems, 'evaluate');
}

/**
 * The configuration in `text`, without a look at the files it names.
 *
 * @param file name for messages.
 * @throws {InputError} as `loadConfig`.
 */
export function parseConfig(text: string, file: string): { config: Config; source: YamlSource } {
  return parseAs(configSchema, text, file);
}

function parseAs<C>(schema: z.ZodType<C>, text: string, file: string): { config: C; source: YamlSource } {
  const source = parseYaml(text, file);
  if (source.value === null) {
    throw InputError.at({ file }, 'the configuration is empty: "touchstone init" writes one to start from');
  }
  const result = schema.safeParse(source.value);
  if (!result.success) throw new InputError(explain(result.error.issues, source, configJsonSchema()));
  return { config: result.data, source };
}

/** @throws {InputError} with `problems`, those of the models' settings, and the files that `purpose` needs and that are not there. */
async function finish<C extends Config | ExaminationConfig | ScoringConfig>(
  { config, text, file }: { config: C; text: string; file: string },
  source: YamlSource,
  problems: Problem[],
  purpose: Purpose,
): Promise<Loaded<C>> {
  const baseDir = dirname(resolve(file));
  const all = [
    ...problems,
    ...modelProblems(config, source),
    ...(await missingFiles(config, purpose, baseDir, source)),
  ];
  if (all.length > 0) throw new InputError(all);
  return { config, baseDir, text };
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
