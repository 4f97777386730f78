import { InputError } from '@touchstone/spec';
import type { NamedModel } from './settings.js';

export type Env = Record<string, string | undefined>;

/**
 * The key in a variable; undefined where it is not set and the configuration does not name it.
 *
 * @throws {InputError} when the configuration names it, or no header can carry it.
 */
export function readKey(variable: string, env: Env, config: NamedModel): string | undefined {
  const key = env[variable]?.trim();
  if (key) {
    const problem = headerProblem(key);
    if (problem !== undefined) throw wrong(config, `the key in ${variable} ${problem}`);
    return key;
  }
  if (config.api_key_env === undefined) return undefined;
  throw wrong(config, `api_key_env names ${variable}, which is not set; set it to your key`);
}

/** What keeps a key from being sent in a header, if anything; the key is not repeated. */
export function headerProblem(key: string): string | undefined {
  const at = key.search(/[^\x20-\x7e]/);
  if (at < 0) return undefined;
  const what = /[\r\n]/.test(key[at]!) ? 'a line break' : 'no printable ASCII character';
  return `cannot be sent in a header: what stands at ${at + 1} of ${key.length} characters is ${what}; copy it again`;
}

const LOOKS_SECRET = /KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL/i;
const SHORTEST_SECRET = 8;

/** What may be a key, by its variable's name: for code that reads its key from a variable that nobody named here. */
export function likelySecrets(env: Env): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && value.length >= SHORTEST_SECRET && LOOKS_SECRET.test(name) ? [value.trim()] : [],
  );
}

/** A message without the secrets in it. */
export function withoutSecrets(message: string, secrets: readonly string[]): string {
  // The longest first: one may be the start of another.
  const known = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  return known.reduce((text, secret) => text.replaceAll(secret, '[key]'), message);
}

export function wrong(config: { model: string }, message: string, cause?: unknown): InputError {
  return new InputError([{ message: `${config.model}: ${message}` }], { cause });
}
