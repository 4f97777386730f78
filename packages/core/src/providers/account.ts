import { resolve } from 'node:path';
import { parseModelId } from './model-id.js';
import type { NamedModel } from './settings.js';

/** An account at a provider, and a model there. */
export interface Account {
  /** The same for all that share its limits; without a secret. */
  key: string;
  /** `provider:model`, for messages. */
  model: string;
}

/**
 * Names the account at a provider that calls to a model count for, and the model: two that have the same share its limits.
 * An account is known by the variable of its key, never by the key, and by the API's address. undefined for a model of this
 * machine, which has no limits.
 *
 * @param baseDir folder of the configuration, which a module of the user's own is named from.
 */
export function accountOf(
  { model, base_url: baseUrl, api_key_env: variable }: NamedModel,
  baseDir: string,
): Account | undefined {
  const { provider, name } = parseModelId(model);
  if (provider.isLocal) return undefined;
  const address = baseUrl?.replace(/\/+$/, '');
  const folder = provider.needs?.(name).module === undefined ? undefined : resolve(baseDir);
  const key = JSON.stringify([provider.name, name, address, variable ?? provider.defaultKey, folder]);
  return { key, model };
}
