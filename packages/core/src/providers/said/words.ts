import { withoutSecrets } from '../keys.js';

const MAX_WORDS = 300;
/** What looks like a key, whole or with its middle blotted out by the server. */
const KEY_LIKE =
  /\b(?:sk|pk|rk|gsk|xai|hf|nvapi|tgp|r8|fw)[-_][\w*.-]{6,}|\b(?:AIza|AKIA|ASIA|eyJ)[\w*.-]{8,}|[^\s'"`:,;]*\*{3,}[^\s'"`:,;]*/g;

/** Beyond this nothing is looked for: patterns take longer than the text is. */
const MAX_LOOKED_AT = 2000;

/** A text as one line, without control and format characters. */
export function plainLine(text: string): string {
  return text
    .replace(/\p{Cf}|[^\P{Cc}\s]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

/**
 * A server's words for a message: one line of at most 300 characters, without control and format characters, without the
 * secrets, and without what looks like a key.
 */
export function cleanWords(words: string, secrets: readonly string[]): string {
  const told = withoutSecrets(plainLine(words), secrets).slice(0, MAX_LOOKED_AT);
  const line = told.replace(KEY_LIKE, '[key]');
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS).replace(/[\ud800-\udbff]$/, '')}…` : line;
}
