import type { LanguageModelV3 } from '@ai-sdk/provider';
import { InputError, type LanguageModel } from '@touchstone/spec';
import { fromProvider } from './from-provider.js';
import { parseModelId } from './model-id.js';
import { networkFetch } from './network.js';
import { openAIChat } from './openai-chat.js';
import { marksPrompts } from './prompt-cache.js';
import type { ModelConfig } from './schema.js';

export interface OpenModelOptions {
  /** Loads `local:FOLDER`; `core` has no engine of its own. */
  localModel?: (folder: string) => Promise<LanguageModel>;
  /** Where keys are read from. Default: the process's environment. */
  env?: Record<string, string | undefined>;
  /** Milliseconds since the epoch. Default: the system's clock. */
  now?: () => number;
}

interface Opened {
  model: Pick<LanguageModelV3, 'doGenerate'>;
  /** What a refused key should make the user look at. */
  keySource: string;
  secret: string | undefined;
}

type Env = Record<string, string | undefined>;

/**
 * The model that `provider:model` names, ready to be asked. Nothing is sent yet. Only the provider's own package is
 * loaded.
 *
 * @throws {InputError} for an unknown provider, a missing base_url, a named key variable that is not set,
 *   or missing AWS settings.
 */
export async function openModel(config: ModelConfig, options: OpenModelOptions = {}): Promise<LanguageModel> {
  const { provider, name } = parseModelId(config.model);
  const env = options.env ?? process.env;
  if (provider === 'local') {
    if (options.localModel) return options.localModel(name);
    throw wrong(
      `${config.model}: this command cannot run local models; use openai-compatible, anthropic or bedrock`,
    );
  }
  const open = { 'openai-compatible': openCompatible, anthropic: openAnthropic, bedrock: openBedrock }[
    provider
  ];
  const { model, keySource, secret } = await open(name, config, env);
  return fromProvider(model, {
    id: config.model,
    version: config.base_url === undefined ? name : `${name}@${new URL(config.base_url).host}`,
    structuredOutput: config.structured_output === 'native',
    marksPrompts: config.prompt_cache ?? marksPrompts(provider, name),
    keySource,
    secret,
    baseUrl: config.base_url,
    now: options.now ?? Date.now,
  });
}

async function openCompatible(name: string, config: ModelConfig, env: Env): Promise<Opened> {
  if (config.base_url === undefined) {
    throw wrong(
      `${config.model}: base_url is missing; give the server's address, for example http://127.0.0.1:8000/v1`,
    );
  }
  // A key that the user did not tie to this server is sent over https only.
  const encrypted = new URL(config.base_url).protocol === 'https:';
  const variable = config.api_key_env ?? 'OPENAI_API_KEY';
  const key = config.api_key_env || encrypted ? readKey(variable, env, config) : undefined;
  const model = openAIChat({
    baseUrl: config.base_url,
    model: name,
    apiKey: key,
    structuredOutput: config.structured_output === 'native',
    ...(new URL(config.base_url).hostname === 'api.openai.com' ? { transformBody: toOpenAIBody } : {}),
  });
  const keySource =
    key === undefined && !encrypted
      ? 'api_key_env (no key was sent)'
      : `the environment variable ${variable}`;
  return { model, keySource, secret: key };
}

async function openAnthropic(name: string, config: ModelConfig, env: Env): Promise<Opened> {
  const variable = config.api_key_env ?? 'ANTHROPIC_API_KEY';
  const key = readKey(variable, env, config);
  if (key === undefined) throw wrong(`${config.model}: set the environment variable ${variable} to your key`);
  const { createAnthropic } = await import('@ai-sdk/anthropic');
  const provider = createAnthropic({
    apiKey: key,
    fetch: networkFetch,
    ...(config.base_url === undefined ? {} : { baseURL: config.base_url }),
  });
  return { model: provider(name), keySource: `the environment variable ${variable}`, secret: key };
}

async function openBedrock(name: string, config: ModelConfig, env: Env): Promise<Opened> {
  const region = env['AWS_REGION'];
  if (!region) throw wrong(`${config.model}: set the environment variable AWS_REGION, for example us-east-1`);
  const bearerVariable = config.api_key_env ?? 'AWS_BEARER_TOKEN_BEDROCK';
  const bearer = readKey(bearerVariable, env, config);
  const common = {
    region,
    fetch: networkFetch,
    ...(config.base_url === undefined ? {} : { baseURL: config.base_url }),
  };
  const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock');
  if (bearer !== undefined) {
    const provider = createAmazonBedrock({ ...common, apiKey: bearer });
    return { model: provider(name), keySource: `the environment variable ${bearerVariable}`, secret: bearer };
  }
  const { secretAccessKey } = readCredentials(env, config);
  const provider = createAmazonBedrock({
    ...common,
    // Temporary credentials are renewed in the environment: each call takes those of its moment.
    credentialProvider: () => Promise.resolve(readCredentials(env, config)),
  });
  return {
    model: provider(name),
    keySource: 'the AWS credentials in the environment',
    secret: secretAccessKey,
  };
}

function readCredentials(env: Env, config: ModelConfig) {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (!accessKeyId || !secretAccessKey) {
    throw wrong(
      `${config.model}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or AWS_BEARER_TOKEN_BEDROCK`,
    );
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/** OpenAI's own API has renamed the limit, and its reasoning models refuse the name that every other server knows. */
export function toOpenAIBody({ max_tokens, ...rest }: Record<string, unknown>): Record<string, unknown> {
  return { ...rest, max_completion_tokens: max_tokens };
}

function readKey(variable: string, env: Env, config: ModelConfig): string | undefined {
  const key = env[variable]?.trim();
  if (key) return key;
  if (config.api_key_env === undefined) return undefined;
  throw wrong(`${config.model}: api_key_env names ${variable}, which is not set; set it to your key`);
}

function wrong(message: string): InputError {
  return new InputError([{ message }]);
}
