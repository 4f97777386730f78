import { InputError } from '@touchstone/spec';

/**
 * Splits `WHERE#MODEL` at its first `#`.
 *
 * @param example a whole one, for the message.
 * @throws {InputError} when either part is missing, or the first is not as `pattern` says.
 */
export function splitAtHash(name: string, pattern: RegExp, example: string): [where: string, model: string] {
  const hash = name.indexOf('#');
  const [where, model] = [name.slice(0, Math.max(0, hash)), name.slice(hash + 1)];
  if (pattern.test(where) && model !== '') return [where, model];
  throw new InputError([{ message: `model: expected the form of ${example}, got "${name}"` }]);
}
