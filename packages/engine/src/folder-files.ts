import { copyFile, cp, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '@touchstone/spec';

/**
 * Everything that a model folder holds besides config.json and weights. What is read from a folder goes through this list,
 * and so does what is written to its copy; the last ones are for other tools.
 */
const FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'generation_config.json',
  'chat_template.jinja',
  'chat_template.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
] as const;
type FolderFile = (typeof FILES)[number];

/** Further chat templates, one a file. */
const TEMPLATES = 'additional_chat_templates';
const TEMPLATE_ENDING = '.jinja';

const isAbsent = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw InputError.at({ file }, `cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** A file's text, or null when the folder has none. */
export const readFolderText = (folder: string, name: FolderFile): Promise<string | null> =>
  readIfThere(path.join(folder, name));

/**
 * A file's JSON object, or null when the folder has none.
 * @throws {InputError} when it is no JSON object
 */
export async function readFolderJson(
  folder: string,
  name: FolderFile,
): Promise<Record<string, unknown> | null> {
  const text = await readFolderText(folder, name);
  if (text === null) return null;
  return parseObject(text, path.join(folder, name));
}

/** @throws {InputError} when the text is no JSON object */
export function parseObject(text: string, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw InputError.at({ file }, `is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw InputError.at({ file }, 'expected a JSON object');
}

/** Further chat templates by name. */
export async function readFolderTemplates(folder: string): Promise<Map<string, string>> {
  const names = await readdir(path.join(folder, TEMPLATES)).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
  const templates = new Map<string, string>();
  for (const name of names.filter((each) => each.endsWith(TEMPLATE_ENDING)).sort()) {
    const text = await readIfThere(path.join(folder, TEMPLATES, name));
    if (text !== null) templates.set(name.slice(0, -TEMPLATE_ENDING.length), text);
  }
  return templates;
}

/** Copies what the one folder has of the list to the other. */
export async function copyFolderFiles(from: string, to: string): Promise<void> {
  if (path.resolve(from) === path.resolve(to)) return;
  await mkdir(to, { recursive: true });
  const ignoreAbsent = (error: unknown): void => {
    if (!isAbsent(error)) throw error;
  };
  for (const name of FILES) {
    await copyFile(path.join(from, name), path.join(to, name)).catch(ignoreAbsent);
  }
  await cp(path.join(from, TEMPLATES), path.join(to, TEMPLATES), {
    recursive: true,
    dereference: true,
  }).catch(ignoreAbsent);
}
