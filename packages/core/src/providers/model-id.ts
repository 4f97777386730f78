import { InputError } from '@touchstone/spec';
import type { Provider } from './provider.js';
import { PROVIDERS } from './table.js';

export interface ModelId {
  provider: Provider;
  /** The provider's own name of the model, or a folder for `local`. May hold colons. */
  name: string;
}

/**
 * Splits `provider:model` at its first colon.
 *
 * @throws {InputError} when the provider is unknown or the model is missing, with a list of the known ones; or when the
 *   name is none of that provider's.
 */
export function parseModelId(id: string): ModelId {
  const colon = id.indexOf(':');
  const provider = PROVIDERS.find((one) => one.name === (colon < 0 ? id : id.slice(0, colon)));
  const name = colon < 0 ? '' : id.slice(colon + 1).trim();
  if (provider === undefined || name === '') {
    throw new InputError([
      {
        message: `model: expected provider:model, got "${id}". Known: ${PROVIDERS.map(({ example }) => example).join(', ')}`,
      },
    ]);
  }
  provider.needs?.(name);
  return { provider, name };
}
