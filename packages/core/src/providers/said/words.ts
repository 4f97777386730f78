import { withoutSecrets } from '../keys.js';

const MAX_WORDS = 300;
/** What looks like a key, whole or with its middle blotted out by the server. */
const KEY_LIKE =
  /\b(?:sk|pk|rk|gsk|xai|hf|nvapi|tgp|r8|fw)[-_][\w*.-]{6,}|\b(?:AIza|AKIA|ASIA|eyJ)[\w*.-]{8,}|[^\s'"`:,;]*\*{3,}[^\s'"`:,;]*/g;

/**
 * A server's words for a message: one line of at most 300 characters, without control and format characters, without the
 * secrets, and without what looks like a key.
 */
export function cleanWords(words: string, secrets: readonly string[]): string {
  const plain = words.replace(/\p{Cf}|[^\P{Cc}\s]/gu, '');
  const line = withoutSecrets(plain, secrets).replace(KEY_LIKE, '[key]').replace(/\s+/g, ' ').trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS).replace(/[\ud800-\udbff]$/, '')}…` : line;
}
