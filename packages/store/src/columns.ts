import { crc32 } from 'node:zlib';
import { RunError } from '@touchstone/spec';

/** What the members of a stored object must be for it to be trusted as the type that was written. */
export type Shape = Readonly<Record<string, 'string' | 'number' | 'boolean' | 'array' | 'object' | 'any'>>;

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * The text of a JSON column.
 *
 * @param what names the value in the error: `steps train 12`.
 * @throws {RunError} a number is NaN or infinite: JSON would store null in its place, and nobody would see it.
 */
export function encode(value: unknown, what: string): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (typeof member === 'number' && !Number.isFinite(member)) {
      throw new RunError(`Cannot store ${what}: expected a finite number in "${key}", got ${member}.`);
    }
    return member;
  });
}

/**
 * Reads a JSON column back.
 *
 * @throws {RunError} the text is not JSON, or not an object with the members of `shape`.
 */
export function decode<T>(text: unknown, shape: Shape, what: string): T {
  const value = decodeAny(text, what);
  if (kindOf(value) !== 'object') throw damaged(what, `expected an object, found ${kindOf(value)}`);
  for (const [name, expected] of Object.entries(shape)) {
    const member = Object.hasOwn(value as object, name)
      ? (value as Record<string, unknown>)[name]
      : undefined;
    const found = kindOf(member);
    if (expected === 'any' ? member === undefined : found !== expected) {
      throw damaged(what, `expected ${expected} in "${name}", found ${found}`);
    }
  }
  return value as T;
}

/**
 * Reads a JSON column that may hold any JSON value.
 *
 * @throws {RunError} the text is not JSON.
 */
export function decodeAny(text: unknown, what: string): unknown {
  if (typeof text !== 'string') throw damaged(what, `expected text, found ${kindOf(text)}`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(what, 'it is not JSON', error);
  }
}

/** What stands beside a row's values and shows that one of them has changed: CRC-32 of their JSON. */
export const checksum = (...values: readonly (string | number | null)[]): number =>
  crc32(JSON.stringify(values));

/**
 * @param stored null in the rows of an older version, which have none.
 * @throws {RunError} the values are not those that were written.
 */
export function verify(stored: unknown, what: string, ...values: readonly unknown[]): void {
  if (stored === null || Number(stored) === checksum(...(values as (string | number | null)[]))) return;
  throw damaged(what, 'its checksum differs');
}

/** The error for what cannot have been written by this program. */
export function damaged(what: string, problem: string, cause?: unknown): RunError {
  return new RunError(
    `The run's database is damaged at ${what}: ${problem}. Restore run.db from a copy, or start a new output folder.`,
    { cause },
  );
}
