import { InputError } from '@touchstone/spec';

/** Longer lists are a sign that the wrong file was named. */
const MAX_PHRASES = 10_000;
const MAX_PHRASE = 200;

/**
 * One expression for a list of phrases. A phrase is found as whole words, whatever its case and white space; `*` in it
 * stands for up to 40 letters, digits or underscores, `#` for one digit: `guarantee* returns`, `CASE-####`. There is
 * no other syntax.
 *
 * @throws {InputError} for a phrase without a letter or digit of its own, one that is too long, or too many.
 */
export function compilePhrases(phrases: readonly string[]): RegExp {
  const bad = phrases.find((phrase) => phrase.length > MAX_PHRASE || !/[\p{L}\p{N}]/u.test(phrase));
  if (bad !== undefined) {
    const message = `reward.checks: "${bad.slice(0, 40)}" is no phrase; expected 1 to ${MAX_PHRASE} characters, among them a letter or digit`;
    throw new InputError([{ message }]);
  }
  if (phrases.length > MAX_PHRASES) {
    const message = `reward.checks: ${phrases.length} phrases, expected ${MAX_PHRASES} at most`;
    throw new InputError([{ message }]);
  }
  const sources = phrases.map((phrase) =>
    phrase
      .normalize('NFKC')
      .trim()
      .replace(/[\\^$.|?+()[\]{}/]/g, '\\$&')
      .replace(/\s+/g, '\\s{1,8}')
      .replace(/\*+/g, '[\\p{L}\\p{N}_]{0,40}')
      .replaceAll('#', '\\p{Nd}'),
  );
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${sources.join('|')})(?![\\p{L}\\p{N}_])`, 'iu');
}
