import { parseModelId, type ModelId } from '@touchstone/core';

/** One language model that a judge calls. */
export interface JudgeModel extends ModelId {
  /** As the configuration has it, `provider:model`. */
  id: string;
  baseUrl: string | undefined;
  keyVariable: string | undefined;
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
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { model, base_url, api_key_env } = value as Record<string, unknown>;
    if (typeof model === 'string') found.push(modelOf(model, base_url, api_key_env));
    for (const child of Object.values(value)) visit(child);
  };
  visit(judge);
  return found;
}

function modelOf(id: string, baseUrl: unknown, keyVariable: unknown): JudgeModel {
  const { provider, name } = parseModelId(id);
  const url = typeof baseUrl === 'string' ? baseUrl : undefined;
  // A key that nobody tied to this server is never sent over plain http.
  const isPlain = url !== undefined && new URL(url).protocol !== 'https:';
  const variable =
    typeof keyVariable === 'string' ? keyVariable : isPlain ? undefined : DEFAULT_KEYS[provider];
  return { id, provider, name, baseUrl: url, keyVariable: variable };
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
