/**
 * Control tokens: what the chat templates and tokenizers of language models write between turns. In a text that a model
 * did not write for itself they are an attempt to open a turn, to end one, or to pass for a tool.
 */

/** Brackets, with those that Unicode NFKC makes of others. */
const BRACKETS = '<＜﹤>＞﹥\\[［﹇\\]］﹈';
/** A bracket and, looked at only, what would make it one: a short name without white space, and a bracket again. */
const CANDIDATE = new RegExp(`[${BRACKETS}](?=([^\\s${BRACKETS}]{1,128}[${BRACKETS}]))`, 'gu');

/** Names between angle brackets, in any case, with or without a slash before them. */
const ANGLE_NAMES = new RegExp(
  `^/?(?:${[
    // Llama 1 and 2, Mistral, T5, Gemma, Cohere, GLM, Bailing, Seed-OSS.
    's|bos|eos|eot|eod|eom|pad|unk|mask|sep|cls|sop|eop|sys|role|(?:bos|eos|pad|unk|mask|eop|sep|cls)_token',
    '(?:start|end|begin|beginning)_?of_?[a-z_]+|seed:[a-z_:]+|cot_(?:begin|end)',
    '(?:unused|reserved|special|extra_id|extra_token|reserved_special_token)_?\\d+',
    // Thinking and tools, where they are tokens: Qwen, DeepSeek, GLM, Hermes, Granite, Claude.
    'think|tools?|tool_(?:call|calls|response|result|results)|function_?calls?|function_response|arg_(?:key|value)|antml:[a-z_]+',
    // Places of other media: a server counts them, and refuses a request where they are too many.
    'image|video|audio|img|img_context|image_(?:soft_token|placeholder|pad|start|end)|audio_soft_token|box|quad|ref',
    // Filling in the middle.
    'fim_(?:prefix|middle|suffix|pad)|filename|gh_stars|reponame|repo_name|file_sep',
  ].join('|')})$`,
  'i',
);

/** Names between square brackets: turns and tools of Mistral and Llama 2 in any case, the rest as it is, for code has [mask]. */
const SQUARE_TURNS =
  /^\/?(?:inst|sys|system_prompt|model_settings|available_tools|tool_calls|tool_results|tool_content|think)$/i;
const SQUARE_NAMES =
  /^(?:\/?[gs]?MASK|CLS|SEP|PAD|UNK|BOS|EOS|@BOS@|CALL_ID|ARGS|PREFIX|MIDDLE|SUFFIX|IMG|IMG_BREAK|IMG_END|AUDIO|BEGIN_AUDIO|TRANSCRIBE|multimodal|UNUSED_TOKEN_\d+|control_\d+)$/;

/** Between the brackets of ChatML, Llama 3 and 4, Phi, Harmony, Command R, DeepSeek, Kimi, Gemma 4, EXAONE …: <|name|>, <|name>, <name|>. */
const PIPED = /^\|[^|]|[^|]\|$/u;
const HAS_NAME = /[\p{L}\p{N}"]/u;

const UNSEEN = /[\p{Cf}\p{Default_Ignorable_Code_Point}]|(?![\t\n\r])\p{Cc}/gu;

/** Where a text begins, where a turn does, where one ends. */
const MINIMAX: ReadonlySet<string> = new Set([']~!b[', ']~b]', '[e~[']);

/** What of a text is seen: no format characters, variation selectors, fillers, tags, nor controls but tab and line ends. */
export function withoutUnseen(text: string): string {
  return /[^\t\n\r\x20-\x7e]/.test(text) ? text.replace(UNSEEN, '') : text;
}

/** A text as it may stand in a prompt, and how many control tokens were broken for that. */
export interface Broken {
  text: string;
  /** 0: the text is as it came. */
  broken: number;
}

/**
 * Breaks every control token in a text: a space after its first bracket, so that `<|im_end|>` is `< |im_end|>`, which a
 * person and a judge still read and no tokenizer or template takes for a token. It is looked for in what is seen, in
 * Unicode NFKC; where one is found, what is not seen goes. A text without any stays as it is, and one that was broken
 * has none. The families are those of the open models that serve as judges; marks in plain words, such as `Human:`, are
 * text.
 */
export function breakControlTokens(text: string): Broken {
  // Nearly every text: nothing that opens.
  if (!/[<＜﹤[［﹇\]］﹈]/.test(text)) return { text, broken: 0 };
  const seen = withoutUnseen(text);
  let broken = 0;
  const safe = seen.replace(CANDIDATE, (bracket: string, rest: string) => {
    if (!isControlToken(bracket + rest)) return bracket;
    broken++;
    return `${bracket} `;
  });
  return broken === 0 ? { text, broken } : { text: safe, broken };
}

/** Whether a text with its brackets, and nothing else, is a control token. */
function isControlToken(found: string): boolean {
  const folded = found.normalize('NFKC');
  const name = folded.slice(1, -1);
  switch (folded[0]! + folded.at(-1)!) {
    case '<>':
      return ANGLE_NAMES.test(name) || (PIPED.test(name) && HAS_NAME.test(name));
    case '[]':
      return (
        SQUARE_TURNS.test(name) || SQUARE_NAMES.test(name) || (/^\|.+\|$/u.test(name) && HAS_NAME.test(name))
      );
    default:
      return MINIMAX.has(folded);
  }
}

/** No token is longer, and none has white space in it. */
const LONGEST = 130;

/**
 * Two pieces of a prompt, one after the other. Each was broken by itself, or is the user's own; where a token would come
 * about by putting them together, a space keeps them apart.
 */
export function joinApart(left: string, right: string): string {
  // Nearly every seam: a line end or a space, which no token has.
  if (left === '' || right === '' || /\s/.test(left.at(-1)! + right[0]!)) return left + right;
  const before = withoutUnseen(left.slice(-8 * LONGEST));
  const after = withoutUnseen(right.slice(0, 8 * LONGEST));
  const near = before.slice(-LONGEST) + after.slice(0, LONGEST);
  const seam = Math.min(before.length, LONGEST);
  const straddles = [...near.matchAll(CANDIDATE)].some(
    ({ 0: bracket, 1: rest, index }) =>
      index < seam && index + 1 + rest!.length > seam && isControlToken(bracket + rest!),
  );
  return straddles ? `${left} ${right}` : left + right;
}
