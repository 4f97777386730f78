import { Tokenizer } from '@huggingface/tokenizers';

/** Splits text before merging: words with the character before them, single digits, runs of punctuation. */
const SPLIT = String.raw`[^\r\n\p{L}\p{N}]?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

/** Hugging Face's tokenizer.json for a byte-level BPE. */
export interface TokenizerJson {
  [key: string]: unknown;
  model: { type: 'BPE'; vocab: Record<string, number>; merges: [string, string][]; [key: string]: unknown };
}

/** The printable characters that stand for the 256 bytes in byte-level vocabularies (the GPT-2 table). */
function byteCharacters(): string[] {
  const printable = (b: number): boolean => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  let shifted = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : shifted++));
}

function tokenizerJson(merges: [string, string][], specialTokens: readonly string[]): TokenizerJson {
  const symbols = [...byteCharacters(), ...merges.map(([a, b]) => a + b)];
  const vocab = Object.fromEntries(symbols.map((symbol, i) => [symbol, specialTokens.length + i]));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: SPLIT }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: { ...Object.fromEntries(specialTokens.map((token, id) => [token, id])), ...vocab },
      merges,
    },
  };
}

/**
 * Learns a byte-level BPE (Sennrich et al. 2016, over bytes as in GPT-2) by merging the commonest pair until the
 * vocabulary has `size` entries or no pair occurs twice. Ties go to the pair that sorts first, so it is repeatable.
 * @param specialTokens get the ids 0, 1, … and are never split
 */
export function trainBpe(
  corpus: Iterable<string>,
  size: number,
  specialTokens: readonly string[],
): TokenizerJson {
  const splitter = new Tokenizer(tokenizerJson([], []), {});
  const counts = new Map<string, number>();
  for (const text of corpus) {
    for (const word of splitter.pre_tokenizer!(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const words = [...counts].map(([word, count]) => ({ symbols: [...word], count }));
  const merges: [string, string][] = [];
  const SEPARATOR = '\n';
  while (specialTokens.length + 256 + merges.length < size) {
    const pairs = new Map<string, number>();
    for (const { symbols, count } of words) {
      for (let i = 0; i + 1 < symbols.length; i++) {
        const pair = symbols[i]! + SEPARATOR + symbols[i + 1]!;
        pairs.set(pair, (pairs.get(pair) ?? 0) + count);
      }
    }
    let best: string | null = null;
    let most = 1;
    for (const [pair, count] of pairs) {
      if (count > most || (count === most && best !== null && pair < best)) [best, most] = [pair, count];
    }
    if (best === null) break;
    const [left, right] = best.split(SEPARATOR) as [string, string];
    merges.push([left, right]);
    for (const word of words) word.symbols = merge(word.symbols, left, right);
  }
  return tokenizerJson(merges, specialTokens);
}

function merge(symbols: string[], left: string, right: string): string[] {
  const out: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      out.push(left + right);
      i++;
    } else out.push(symbols[i]!);
  }
  return out;
}
