/** Scripts that put no spaces between words, by about how many of their signs make a word. */
const PER_WORD = [
  { signs: /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu, length: 2 },
  { signs: /[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/gu, length: 4 },
] as const;
/** Letters and digits of a word, on average over a quote, so that "of a" is not two of them. */
const LETTERS = 4;

/**
 * About how many words a text has to be recognised by: its words, yet no more than a quarter of its letters and digits. Two
 * signs of Chinese or Japanese are a word, and four of Thai, Lao, Khmer or Burmese.
 */
export function wordsIn(text: string): number {
  let rest = text;
  let unspaced = 0;
  for (const { signs, length } of PER_WORD) {
    unspaced += (rest.match(signs)?.length ?? 0) / length;
    rest = rest.replace(signs, ' ');
  }
  const words = rest.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const letters = words.reduce((sum, word) => sum + word.length, 0);
  return unspaced + Math.min(words.length, letters / LETTERS);
}
