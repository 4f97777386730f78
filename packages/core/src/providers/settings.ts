import { z } from 'zod';

const baseUrl = z
  .url({
    protocol: /^https?$/,
    error: 'expected an http or https address, for example http://127.0.0.1:8000/v1',
  })
  .refine((url) => {
    if (!URL.canParse(url)) return true;
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'must not hold a user name or password: name the variable that holds the key in api_key_env')
  .refine(
    (url) => !URL.canParse(url) || !holdsSecret(new URL(url)),
    'must not hold a key in its query: name the variable that holds it in api_key_env',
  );

const SECRET_NAME = /key|token|secret|pass|pwd|auth|credential|signature|^sig$/i;
/** Versions, names and dates are shorter, or have more than letters and digits without a break. */
const SECRET_VALUE = /^(sk|pk|gsk|xai|hf|nvapi)[-_]|[\w~+/=.-]{24,}/;

/** The query, or what stands behind the #, has something that is a key by its name or its looks. */
function holdsSecret({ searchParams, hash }: URL): boolean {
  const all = [...searchParams, ...new URLSearchParams(hash.slice(1))];
  return all.some(([name, value]) => SECRET_NAME.test(name) || SECRET_VALUE.test(value || name));
}

/** Fields of a request that a setting of its own decides, or that change what a reply looks like. */
const NOT_EXTRA: ReadonlyMap<string, string> = new Map([
  ['model', 'set model'],
  ['messages', 'they are what the judge asks'],
  ['max_tokens', 'set max_tokens, and max_tokens_field where it has another name'],
  ['max_completion_tokens', 'set max_tokens and max_tokens_field: max_completion_tokens'],
  ['temperature', 'set temperature'],
  ['seed', "it is drawn from the configuration's seed; seed: false leaves it out"],
  ['logprobs', 'set logprobs of a judge of kind rubric'],
  ['top_logprobs', 'set logprobs of a judge of kind rubric'],
  ['stream', 'a reply is read whole'],
  ['n', 'one reply is read of each call'],
]);

const extraBody = z.record(z.string().min(1), z.json()).superRefine((fields, context) => {
  for (const key of Object.keys(fields)) {
    const why = NOT_EXTRA.get(key);
    if (why !== undefined) context.addIssue({ code: 'custom', path: [key], message: `not here: ${why}` });
  }
});

/**
 * What configuration says of a model besides its name. Servers differ in what they refuse; these are the ways to suit one:
 *
 * - OpenAI's o-series and GPT-5, there and on Azure: `temperature: null`; on Azure also `max_tokens_field:
 *   max_completion_tokens`.
 * - Azure OpenAI: its v1 API takes OpenAI's requests and keys: `base_url: https://RESOURCE.openai.azure.com/openai/v1`, the
 *   deployment's name as the model's, `api_key_env` with the variable of its key. No `api-version` is needed.
 * - Mistral: `base_url: https://api.mistral.ai/v1`, `seed: false`, `extra_body: { random_seed: 1 }`.
 * - DeepSeek, which has no JSON Schema replies: `structured_output: prompt`, `extra_body: { response_format: { type:
 *   json_object } }`.
 */
export const settingFields = {
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
    .strictObject({
      input: z.number().nonnegative().meta({ description: 'Of what is sent' }),
      output: z.number().nonnegative().meta({ description: 'Of what comes back' }),
    })
    .optional()
    .meta({ description: 'US dollars per million tokens, to report what the run cost' }),
  temperature: z
    .number()
    .min(0)
    .max(2)
    .nullable()
    .optional()
    .meta({ description: "This model's own; null leaves it out, for models that refuse it" }),
  seed: z.literal(false).optional().meta({ description: 'false leaves it out, for servers that refuse it' }),
  max_tokens_field: z.enum(['max_tokens', 'max_completion_tokens']).optional().meta({
    description:
      'What the server calls the limit of a reply; default: max_completion_tokens for api.openai.com, else max_tokens',
  }),
  extra_body: extraBody
    .optional()
    .meta({ description: 'More fields of each request, for openai-compatible: reasoning_effort, …' }),
};

/**
 * What to set when a server refuses a field of the request. The first entry counts whose field the server names. A field
 * that the settings leave out already is none that it refuses; nothing is ever left out by itself.
 */
export const REFUSED_FIELDS: readonly {
  field: RegExp;
  setting(config: ModelSettings, words: string): string | undefined;
}[] = [
  {
    field: /\bmax_?(completion_?|new_?|output_?)?tokens\b/i,
    setting({ max_tokens_field: name }, words) {
      if (/too (large|high|big)|exceed|at most|greater than|maximum value/i.test(words))
        return 'lower max_tokens';
      if (name === 'max_completion_tokens') return 'set max_tokens_field: max_tokens';
      return words.includes('max_completion_tokens')
        ? 'set max_tokens_field: max_completion_tokens'
        : undefined;
    },
  },
  {
    field: /\btemperature\b/i,
    setting: ({ temperature }) =>
      temperature === null ? undefined : 'if it refuses the temperature, set temperature: null',
  },
  {
    field: /\bseed\b/i,
    setting: ({ seed }) => (seed === false ? undefined : 'if it refuses the seed, set seed: false'),
  },
  { field: /\b(top_)?logprobs\b/i, setting: () => 'if it has no log-probabilities, leave logprobs out' },
  {
    field:
      /\b(response_?format|json_?schema|structured.?outputs?|output_?(format|config)|tool_?(choice|config))\b|guided.?(json|decoding|grammar)/i,
    setting: ({ structured_output: kind }) =>
      kind === 'native'
        ? 'if the server does not know JSON Schema replies, set structured_output: prompt'
        : undefined,
  },
  {
    field: /\bcache_?(control|point)\b/i,
    setting: ({ prompt_cache: marks }) =>
      marks === false ? undefined : 'if the model cannot cache prompts, set prompt_cache: false',
  },
];

const settingsSchema = z.strictObject(settingFields);
type ModelSettings = z.output<typeof settingsSchema>;
export type Price = NonNullable<ModelSettings['price']>;

/** A model as the configuration has it. */
export interface NamedModel extends ModelSettings {
  /** `provider:model`. */
  model: string;
}
