import { resolve } from 'node:path';
import { parseModelId, type CheckContext, type RewardConfig } from '@touchstone/core';
import { ChatTokenizer } from '@touchstone/engine';
import { importModule } from './import-module.js';

/**
 * What the checks of a reward need here: their folder, TypeScript, and the policy's way of counting tokens where one of
 * them counts tokens.
 *
 * @param policy the model as the configuration names it, `local:FOLDER`.
 * @throws {InputError} when the tokenizer is needed and cannot be read.
 */
export async function openCheckContext(
  { checks }: RewardConfig,
  baseDir: string,
  policy: string | undefined,
): Promise<CheckContext> {
  const counts = checks.some((check) => check.type === 'length' && check.unit === 'tokens');
  if (!counts || policy === undefined) return { baseDir, importModule };
  const tokenizer = await ChatTokenizer.load(resolve(baseDir, parseModelId(policy).name));
  return { baseDir, importModule, countTokens: (text) => tokenizer.encode(text).length };
}
