import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  evaluationSummarySchema,
  InputError,
  isOfTrainings,
  summarySchema,
  trainingsSummarySchema,
  type EvaluationSummary,
  type Summary,
  type TrainingsSummary,
} from '@touchstone/spec';
import type { z } from 'zod';
import { writeWhole } from './files.js';
import { sha256 } from './sha256.js';
import { upgradeSummary } from './upgrade-summary.js';

const FILE = 'summary.json';
/** Of an evaluation, in its folder. */
export const EVALUATION_FILE = 'evaluation.json';

/** Writes a run's `summary.json`, whole or not at all. @returns its path. */
export async function writeSummary(folder: string, summary: Summary | TrainingsSummary): Promise<string> {
  const file = join(folder, FILE);
  await writeWhole(file, withDigest(summary));
  return file;
}

/**
 * Reads and checks a run's `summary.json`, of this version or an older one: of one training, or of several.
 *
 * @throws {InputError} it is missing, not JSON, or not a summary.
 */
export async function readAnySummary(folder: string): Promise<Summary | TrainingsSummary> {
  const file = join(folder, FILE);
  const value = await readJson(
    file,
    'expected the folder of a run that has ended',
    'Run the configuration again: it is written anew from run.db.',
  );
  const isOfSeveral = typeof value === 'object' && value !== null && 'kind' in value;
  return isOfSeveral
    ? checked(file, trainingsSummarySchema.safeParse(value))
    : checked(file, summarySchema.safeParse(upgradeSummary(value)));
}

function checked<T>(file: string, result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const more = result.error.issues.length - 1;
  throw InputError.at(
    { file },
    `not a summary of this version of Touchstone: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}${more > 0 ? ` (and ${more} more)` : ''}`,
  );
}

/** Writes an evaluation's `evaluation.json`, whole or not at all. @returns its path. */
export async function writeEvaluation(folder: string, summary: EvaluationSummary): Promise<string> {
  const file = join(folder, EVALUATION_FILE);
  await writeWhole(file, withDigest(summary));
  return file;
}

/**
 * Reads and checks an evaluation's `evaluation.json`.
 *
 * @throws {InputError} it is missing, not JSON, or not the summary of an evaluation.
 */
export async function readEvaluation(folder: string): Promise<EvaluationSummary> {
  const file = join(folder, EVALUATION_FILE);
  const value = await readJson(
    file,
    'expected the folder of an evaluation that has ended',
    'Make it again with "touchstone eval".',
  );
  return checked(file, evaluationSummarySchema.safeParse(value));
}

/**
 * The same of a run of one training.
 *
 * @throws {InputError} as `readAnySummary`, or it is of several trainings.
 */
export async function readSummary(folder: string): Promise<Summary> {
  const summary = await readAnySummary(folder);
  if (!isOfTrainings(summary)) return summary;
  throw InputError.at(
    { file: join(folder, FILE) },
    `expected the summary of one training, found that of ${summary.trainings.length}: each has its own in ` +
      summary.trainings.map((training) => training.folder).join(', '),
  );
}

const digestOf = (content: object): string => sha256(JSON.stringify(content));

/** A figure of which one digit is another is still a figure. */
const withDigest = (summary: object): string =>
  `${JSON.stringify({ ...summary, digest: digestOf(summary) }, null, 2)}\n`;

/**
 * What was written, without the digest; files of before have none.
 *
 * @param expected where there is no such file.
 * @param remedy where it cannot be used.
 */
async function readJson(file: string, expected: string, remedy: string): Promise<unknown> {
  const value = await parsed(file, expected, remedy);
  if (typeof value !== 'object' || value === null || !('digest' in value)) return value;
  const { digest, ...content } = value;
  if (digest === digestOf(content)) return content;
  throw InputError.at({ file }, `not as it was written: it is damaged, or was edited. ${remedy}`);
}

async function parsed(file: string, expected: string, remedy: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw InputError.at({ file }, `there is no such file: ${expected}`, { cause });
    }
    const problem = code === undefined ? 'not JSON: it is damaged' : `cannot be read (${code})`;
    throw InputError.at({ file }, `${problem}. ${remedy}`, { cause });
  }
}
