import { readKey, wrong } from './keys.js';
import { defineProvider } from './provider.js';

const DEFAULT_KEY = 'OPENAI_API_KEY';

/** OpenAI, and the many servers that speak as it does: vLLM, Ollama, llama.cpp, Azure, Mistral, DeepSeek, … */
export const openAICompatible = defineProvider({
  name: 'openai-compatible',
  example: 'openai-compatible:gpt-4.1-mini',
  telemetryName: 'openai',
  defaultKey: DEFAULT_KEY,
  loads: ['./openai-chat.js'],
  settings: ['seed', 'max_tokens_field', 'extra_body'],
  async open(name, config, { env }) {
    if (config.base_url === undefined) {
      throw wrong(
        config,
        "base_url is missing; give the server's address, for example http://127.0.0.1:8000/v1",
      );
    }
    const { protocol, hostname } = new URL(config.base_url);
    // A key that the user did not tie to this server is sent over https only.
    const encrypted = protocol === 'https:';
    const variable = config.api_key_env ?? DEFAULT_KEY;
    const key = config.api_key_env || encrypted ? readKey(variable, env, config) : undefined;
    const isOpenAI = hostname === 'api.openai.com';
    if (isOpenAI && key === undefined)
      throw wrong(config, `set the environment variable ${variable} to your key`);
    // OpenAI's own API has renamed the limit, and its reasoning models refuse the name that every other server knows.
    const renamed = isOpenAI ? 'max_completion_tokens' : 'max_tokens';
    const { openAIChat } = await import('./openai-chat.js');
    return {
      model: openAIChat({
        baseUrl: config.base_url,
        model: name,
        apiKey: key,
        structuredOutput: config.structured_output === 'native',
        maxTokensField: config.max_tokens_field ?? renamed,
        extraBody: config.extra_body,
      }),
      keySource:
        key === undefined && !encrypted
          ? 'api_key_env (no key was sent)'
          : `the environment variable ${variable}`,
      secrets: () => (key === undefined ? [] : [key]),
    };
  },
});
