import type { JsonValue } from '@touchstone/spec';
import { jsonProblem } from './json-value.js';

/**
 * An answer read as JSON: exactly, after trimming. No fences are stripped and nothing is repaired. A value that is
 * unsafe to carry further (very deep, `__proto__` as a key, an overflowing number) is a problem too.
 */
export function parseAnswer(response: string): { value: JsonValue } | { problem: string } {
  try {
    const value = JSON.parse(response.trim()) as JsonValue;
    const problem = jsonProblem(value);
    return problem === undefined ? { value } : { problem };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** True when nothing in the text can be seen: white space, control and format characters only. */
export function isBlank(text: string): boolean {
  return !/[^\s\p{Cc}\p{Cf}\p{Zs}\u2800\u3164\u115f\u1160]/u.test(text);
}
