/** So many words in a row stand in two texts for a reason; single ones stand everywhere. */
const RUN = 3;

/** Words; of scripts that put no spaces between them, signs. */
const UNIT =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]\p{M}*|[\p{L}\p{M}\p{N}]+/gu;

/**
 * How much of a span is quoted, 0–1: the share of its words that stand in a run of three words which some quote has too. A span of
 * fewer words is one run. Case and punctuation do not count; 0 for a span without words.
 */
export function coverageOf(span: string, quotes: readonly string[]): number {
  const words = wordsOf(span);
  if (words.length === 0) return 0;
  const length = Math.min(RUN, words.length);
  const quoted = new Set(quotes.flatMap((quote) => runsOf(wordsOf(quote), length)));
  const covered = new Set<number>();
  runsOf(words, length).forEach((run, at) => {
    if (quoted.has(run)) for (let i = at; i < at + length; i++) covered.add(i);
  });
  return covered.size / words.length;
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(UNIT) ?? [];

/** Every run of `length` words, by the place of its first. */
function runsOf(words: readonly string[], length: number): string[] {
  return Array.from({ length: Math.max(0, words.length - length + 1) }, (_, i) =>
    words.slice(i, i + length).join(' '),
  );
}
