import { z } from 'zod';
import { parseModelId } from './model-id.js';

const modelId = z
  .string()
  .meta({ description: 'provider:model, for example local:models/judge or anthropic:claude-sonnet-4-5' })
  .superRefine((id, context) => {
    try {
      parseModelId(id);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

const baseUrl = z
  .url({
    protocol: /^https?$/,
    error: 'expected an http or https address, for example http://127.0.0.1:8000/v1',
  })
  .refine((url) => {
    if (!URL.canParse(url)) return true;
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'must not hold a user name or password: name the variable that holds the key in api_key_env');

/** What configuration says of a model, as parts, so that a policy and a judge can add their own keys. */
export const modelFields = {
  model: modelId,
  /** Where the API answers. Required for openai-compatible; replaces the default address elsewhere. */
  base_url: baseUrl.optional().meta({ description: 'Address of the API; required for openai-compatible' }),
  /** Name of the environment variable that holds the key, never the key. */
  api_key_env: z
    .string()
    .regex(
      /^[A-Z_][A-Z0-9_]*$/,
      'expected the NAME of an environment variable (capitals, digits, _), not a key',
    )
    .optional()
    .meta({ description: 'Name of the environment variable that holds the key' }),
  /** `native` sends the reply's JSON Schema to the provider; `prompt` only asks for it, for servers without it. */
  structured_output: z
    .enum(['native', 'prompt'])
    .default('native')
    .meta({ description: 'native: the provider enforces the reply format; prompt: it is only asked for' }),
  /** Anthropic and Bedrock keep the start of a prompt only when they are told where it ends. */
  prompt_cache: z.boolean().optional().meta({
    description:
      'Mark the part of a prompt that calls share, for Anthropic and Bedrock; default: where the model is known to cache',
  }),
  /** US dollars per million tokens. */
  price: z
    .strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() })
    .optional()
    .meta({ description: 'US dollars per million tokens, to report what the run cost' }),
};

export const modelSchema = z.strictObject(modelFields);
export type ModelConfig = z.output<typeof modelSchema>;
export type Price = NonNullable<ModelConfig['price']>;
