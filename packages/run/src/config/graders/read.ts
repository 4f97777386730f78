import { readFile } from 'node:fs/promises';
import { InputError } from '@touchstone/spec';
import type { z } from 'zod';
import { convertGrader, type Converted } from './convert.js';
import { graderFileSchema, type Grader } from './schema.js';
import { Unsupported } from './template.js';

/**
 * Reads an OpenAI or Azure grader (JSON) as a configuration.
 *
 * @throws {InputError} when it cannot be read, is no grader, or asks for what Touchstone cannot do.
 */
export async function readGrader(file: string): Promise<Converted> {
  const result = graderFileSchema.safeParse(await readJson(file));
  if (!result.success)
    throw new InputError(result.error.issues.map((issue) => ({ place: { file }, message: explain(issue) })));
  try {
    return convertGrader(result.data satisfies Grader);
  } catch (cause) {
    if (cause instanceof Unsupported) throw InputError.at({ file }, cause.message, { cause });
    throw cause;
  }
}

/** The grader itself, or the one that a request to the grader API holds. */
async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw InputError.at({ file }, code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`, {
      cause,
    });
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    const isRequest = typeof value === 'object' && value !== null && Object.hasOwn(value, 'grader');
    return isRequest ? (value as { grader: unknown }).grader : value;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw InputError.at({ file }, `not JSON: ${why}; expected an OpenAI grader`, { cause });
  }
}

function explain(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.');
  const place = path === '' ? 'the grader' : path;
  if (issue.code === 'invalid_union' && path.endsWith('type'))
    return `${place}: expected string_check, text_similarity, score_model, label_model, python or multi`;
  return `${place}: ${issue.message}`;
}
