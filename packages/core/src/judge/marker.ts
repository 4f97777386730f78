import { createHmac, hash } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const MARKER_LENGTH = 8;

/** SHA-256 in hexadecimal. */
export function sha256(text: string): string {
  return hash('sha256', text);
}

/**
 * The marker that a reply must carry: 8 lower-case letters and digits. The same `secret` and `key` give the same
 * marker, so that a repeated call is the same call; whoever wrote the candidate cannot foresee it. A marker that
 * occurs in `shown`, everything the judge is shown, is passed over for the next one.
 */
export function deriveMarker(secret: string, key: string, ...shown: string[]): string {
  for (let n = 0; ; n++) {
    const bytes = createHmac('sha256', secret).update(`${key}#${n}`).digest();
    const marker = Array.from(
      bytes.subarray(0, MARKER_LENGTH),
      (byte) => ALPHABET[byte % ALPHABET.length],
    ).join('');
    if (!shown.some((text) => text.includes(marker))) return marker;
  }
}
