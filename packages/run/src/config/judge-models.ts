import { isRecord, parseModelId, type ModelConfig, type ModelId } from '@touchstone/core';
import type { Path } from './yaml-source.js';

/** One language model that a judge calls. */
export interface JudgeModel extends ModelId {
  /** As the configuration has it, `provider:model`. */
  id: string;
  baseUrl: string | undefined;
  keyVariable: string | undefined;
  /** The part of the configuration that names it. */
  config: ModelConfig;
  /** Where that part stands within the judge. */
  path: Path;
}

/** Where each provider looks for its key when the configuration names no variable. */
const DEFAULT_KEYS = {
  local: undefined,
  'openai-compatible': 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  // The function's role signs the calls.
  bedrock: undefined,
};

/** Every model that a judge's configuration names, wherever it names it: panels and cascades hold several. */
export function modelsOf(judge: unknown): JudgeModel[] {
  const found: JudgeModel[] = [];
  const visit = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) return value.forEach((child, i) => visit(child, [...path, i]));
    if (!isRecord(value)) return;
    // Where there is a model, the schema has seen to the rest.
    if (typeof value['model'] === 'string') found.push({ ...modelOf(value as unknown as ModelConfig), path });
    for (const [key, child] of Object.entries(value)) visit(child, [...path, key]);
  };
  visit(judge, []);
  return found;
}

function modelOf(config: ModelConfig): Omit<JudgeModel, 'path'> {
  const { model: id, base_url: baseUrl, api_key_env: named } = config;
  const { provider, name } = parseModelId(id);
  // A key that nobody tied to this server is never sent over plain http.
  const isPlain = baseUrl !== undefined && new URL(baseUrl).protocol !== 'https:';
  const keyVariable = named ?? (isPlain ? undefined : DEFAULT_KEYS[provider]);
  return { id, provider, name, baseUrl, keyVariable, config };
}

/** The environment variables that hold keys of a judge's models, and the address of its cache, each once. */
export function keyVariablesOf(judge: unknown): string[] {
  const keys = modelsOf(judge).flatMap(({ keyVariable }) => keyVariable ?? []);
  return [...new Set([...keys, ...cacheVariablesOf(judge)])].sort();
}

/** The environment variables that hold the address of a cache that machines share. It may hold a password. */
export function cacheVariablesOf(judge: unknown): string[] {
  if (typeof judge !== 'object' || judge === null) return [];
  const { redis_env } = judge as Record<string, unknown>;
  const here = typeof redis_env === 'string' ? [redis_env] : [];
  return [...here, ...Object.values(judge).flatMap(cacheVariablesOf)];
}
