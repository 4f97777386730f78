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

/** The environment variables that hold the keys of these models, each once. */
export function keyVariablesOf(models: readonly JudgeModel[]): string[] {
  return [...new Set(models.flatMap(({ keyVariable }) => keyVariable ?? []))].sort();
}
