import { InputError } from '@touchstone/spec';

/** Providers a model can be named with, and an example of each. */
export const PROVIDERS = {
  local: 'local:models/judge',
  'openai-compatible': 'openai-compatible:gpt-4.1-mini',
  anthropic: 'anthropic:claude-sonnet-4-5',
  bedrock: 'bedrock:amazon.nova-pro-v1:0',
} as const;
export type Provider = keyof typeof PROVIDERS;

export interface ModelId {
  provider: Provider;
  /** The provider's own name of the model, or a folder for `local`. May hold colons. */
  name: string;
}

/**
 * Splits `provider:model` at its first colon.
 *
 * @throws {InputError} when the provider is unknown or the model is missing; the message lists the known ones.
 */
export function parseModelId(id: string): ModelId {
  const colon = id.indexOf(':');
  const provider = colon < 0 ? id : id.slice(0, colon);
  const name = colon < 0 ? '' : id.slice(colon + 1).trim();
  if (!isProvider(provider) || name === '') {
    throw new InputError([
      {
        message: `model: expected provider:model, got "${id}". Known: ${Object.values(PROVIDERS).join(', ')}`,
      },
    ]);
  }
  return { provider, name };
}

function isProvider(text: string): text is Provider {
  return Object.hasOwn(PROVIDERS, text);
}
