import { readFileSync } from 'node:fs';

/** Touchstone's version: that of this package, since all of its packages carry the same. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version: unknown }).version);
}
