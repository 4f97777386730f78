import { InputError } from '@touchstone/spec';
import { z } from 'zod';

/** A token that is matched in text before anything else is done to the text. */
export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  normalized: boolean;
  lstrip: boolean;
  rstrip: boolean;
  single_word: boolean;
}

type Vocabulary = Record<string, number> | [text: string, score: number][];

/** Left as it is: a copy of 150,000 entries takes time, and an entry may be called `__proto__`. */
const vocabularySchema = z.custom<Vocabulary>((value) => {
  if (Array.isArray(value))
    return value.every(
      (entry) => Array.isArray(entry) && typeof entry[0] === 'string' && Number.isFinite(entry[1]),
    );
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((id) => Number.isInteger(id))
  );
}, 'expected ids by token, or a list of token and score');

/** The parts of tokenizer.json that say which token has which id. */
export const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: z.int().nonnegative(), content: z.string().min(1) })).default([]),
  model: z.looseObject({
    type: z.string().nullish(),
    vocab: vocabularySchema,
    unk_token: z.string().nullish(),
  }),
});
export type TokenizerFile = z.infer<typeof tokenizerSchema>;

const NAMES = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`);

/** A token as tokenizer_config.json writes it: its text, or an object that holds it. */
const tokenSchema = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform(({ content }) => content),
]);
const moreSchema = z
  .union([z.array(tokenSchema), z.record(z.string(), tokenSchema)])
  .nullish()
  .transform((more) => more ?? []);
const flag = z.boolean().default(false);
const decoderSchema = z
  .record(
    z.string(),
    z.looseObject({
      content: z.string().min(1),
      special: flag,
      normalized: flag,
      lstrip: flag,
      rstrip: flag,
      single_word: flag,
    }),
  )
  .default({});

/** Special tokens that have a name, such as `bos_token`: null where the file says that there is none. */
export interface NamedTokens {
  tokens: Record<string, string | null>;
  /** Those without a name of their own. */
  more: string[];
}

/** @throws {InputError} naming the field of tokenizer_config.json that is no token */
export function namedTokens(config: Record<string, unknown>): NamedTokens {
  const read = <T>(name: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(config[name]);
    if (parsed.success) return parsed.data;
    throw new InputError([
      { message: `tokenizer_config.json: ${name}: expected a token's text, or an object with its content` },
    ]);
  };
  const tokens: Record<string, string | null> = {};
  for (const name of NAMES) {
    if (config[name] !== undefined) tokens[name] = read(name, tokenSchema.nullable());
  }
  const more = ['additional_special_tokens', 'extra_special_tokens'].map((name) => read(name, moreSchema));
  for (const some of more) if (!Array.isArray(some)) Object.assign(tokens, some);
  return { tokens, more: more.flatMap((some) => (Array.isArray(some) ? some : [])) };
}

/** Id of a token's text, or undefined. */
export function idOf({ added_tokens, model }: TokenizerFile, text: string): number | undefined {
  const added = added_tokens.find(({ content }) => content === text);
  if (added) return added.id;
  const { vocab } = model;
  if (!Array.isArray(vocab)) return Object.hasOwn(vocab, text) ? vocab[text] : undefined;
  const index = vocab.findIndex(([entry]) => entry === text);
  return index < 0 ? undefined : index;
}

/**
 * Every added token: those of tokenizer.json, those that only tokenizer_config.json lists, and those that it names and the
 * vocabulary holds, as transformers adds them when it opens the folder.
 * @throws {InputError} when the two files give one token different ids, or name an end that the vocabulary does not have
 */
export function addedTokens(
  json: TokenizerFile,
  config: Record<string, unknown>,
  { tokens, more }: NamedTokens,
): AddedToken[] {
  const all = new Map<string, AddedToken>();
  for (const token of json.added_tokens) all.set(token.content, { ...PLAIN, ...token });
  const listed = decoderSchema.safeParse(config['added_tokens_decoder']);
  if (!listed.success) {
    throw new InputError([
      { message: 'tokenizer_config.json: added_tokens_decoder: expected { id: token }' },
    ]);
  }
  for (const [key, token] of Object.entries(listed.data)) {
    const id = Number(key);
    const known = idOf(json, token.content);
    if (known !== undefined && known !== id) {
      throw new InputError([
        {
          message: `tokenizer_config.json: added_tokens_decoder: ${token.content} is ${id}, and ${known} in tokenizer.json; remove the wrong one`,
        },
      ]);
    }
    if (!all.has(token.content)) all.set(token.content, { ...token, id });
  }
  for (const content of [...Object.values(tokens), ...more]) {
    if (content === null || content === '') continue;
    const id = all.get(content)?.id ?? idOf(json, content);
    if (id !== undefined) all.set(content, { ...PLAIN, ...all.get(content), id, content, special: true });
    else if (content === tokens['eos_token'])
      throw new InputError([
        { message: `tokenizer_config.json: eos_token ${content} is not in tokenizer.json` },
      ]);
  }
  return [...all.values()];
}

const PLAIN = { special: false, normalized: false, lstrip: false, rstrip: false, single_word: false };

/**
 * Whether text from users and models must never become this token. Only added words of letters, digits and spaces are
 * harmless; what looks like a mark is guarded whatever its flags say, because chat templates mark turns with such tokens too.
 */
export const isGuarded = ({ content, special }: AddedToken): boolean =>
  special || !/^[\p{L}\p{M}\p{N}\s]+$/u.test(content);

const KINDS = ['BPE', 'Unigram', 'WordPiece'] as const;

/**
 * tokenizer.json without the guarded tokens: whatever a vocabulary's shape does with text, their ids cannot come out. The
 * unknown token stays, under a name that no text has, for what the vocabulary cannot write.
 * @param hidden a text that nobody can guess
 * @throws {InputError} when the vocabulary is of a kind that the engine does not know
 */
export function withoutGuarded(
  json: TokenizerFile,
  added: readonly AddedToken[],
  hidden: string,
): TokenizerFile {
  const { model } = json;
  const guarded = added.filter(isGuarded);
  const ids = new Set(guarded.map(({ id }) => id));
  const texts = new Set(guarded.map(({ content }) => content));
  const { vocab } = model;
  if (Array.isArray(vocab)) {
    const kept = vocab.map((entry, id): typeof entry =>
      ids.has(id) || texts.has(entry[0]) ? [`${hidden}${id}`, entry[1]] : entry,
    );
    return { ...json, model: { ...model, vocab: kept } };
  }
  const kept = Object.fromEntries(
    Object.entries(vocab).filter(([text, id]) => !ids.has(id) && !texts.has(text)),
  );
  const unknown = model.unk_token ?? undefined;
  const unknownId = unknown === undefined ? undefined : idOf(json, unknown);
  const isHidden = unknownId !== undefined && !Object.hasOwn(kept, unknown!);
  if (isHidden) kept[hidden] = unknownId;
  return {
    ...json,
    model: {
      ...model,
      vocab: kept,
      ...(isHidden ? { unk_token: hidden } : {}),
      ...mergesWithout(model, texts),
    },
  };
}

/** Merges that make none of the texts, which the vocabulary no longer has. */
function mergesWithout(model: TokenizerFile['model'], texts: ReadonlySet<string>): object {
  const merges = model['merges'] as (string | string[])[] | undefined;
  if (merges === undefined) return {};
  return {
    merges: merges.filter(
      (merge) => !texts.has(typeof merge === 'string' ? merge.replace(' ', '') : merge.join('')),
    ),
  };
}

/**
 * The kind of a vocabulary, from its shape where the file is too old to say it.
 * @throws {InputError} when the engine does not know it
 */
export function vocabularyKind({ model }: TokenizerFile): (typeof KINDS)[number] {
  const shape = Array.isArray(model.vocab) ? 'Unigram' : model['merges'] ? 'BPE' : 'WordPiece';
  const kind = KINDS.find((known) => known === (model.type ?? shape));
  if (kind !== undefined) return kind;
  throw new InputError([
    { message: `tokenizer.json: model.type ${JSON.stringify(model.type)}; expected ${KINDS.join(', ')}` },
  ]);
}
