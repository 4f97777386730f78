import { readKey, wrong } from './keys.js';
import { networkFetch } from './network.js';
import { defineProvider } from './provider.js';

const DEFAULT_KEY = 'ANTHROPIC_API_KEY';

export const anthropic = defineProvider({
  name: 'anthropic',
  example: 'anthropic:claude-sonnet-4-5',
  defaultKey: DEFAULT_KEY,
  loads: ['@ai-sdk/anthropic'],
  // Its API has none to send.
  settings: ['seed'],
  promptCache: { marker: { anthropic: { cacheControl: { type: 'ephemeral' } } }, isKnownFor: () => true },
  async open(name, config, { env }) {
    const variable = config.api_key_env ?? DEFAULT_KEY;
    const key = readKey(variable, env, config);
    if (key === undefined) throw wrong(config, `set the environment variable ${variable} to your key`);
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    const provider = createAnthropic({
      apiKey: key,
      fetch: networkFetch,
      ...(config.base_url === undefined ? {} : { baseURL: config.base_url }),
    });
    return {
      model: provider(name),
      keySource: `the environment variable ${variable}`,
      secrets: () => [key],
    };
  },
});
