import type { JsonValue } from '@touchstone/spec';
import { jsonrepair } from 'jsonrepair';
import { parseAnswer } from './answer.js';

/** Longer answers are not repaired: the work may grow with the square of the length. */
const MAX_REPAIR = 20_000;

/** A text as JSON where that can be had by taking off a code fence, or by repair; else undefined. */
export function repairJson(text: string): { value: JsonValue; text: string; how: string } | undefined {
  const whole = text.trim();
  const inner = /^```[a-z]*\s*\n/i.exec(whole);
  const bare = (inner && whole.endsWith('```') ? whole.slice(inner[0].length, -3) : whole).trim();
  const unfenced = parseAnswer(bare);
  if ('value' in unfenced)
    return { value: unfenced.value, text: bare, how: 'JSON only without its code fence' };
  if (bare.length > MAX_REPAIR) return undefined;
  try {
    const repaired = jsonrepair(bare);
    const read = parseAnswer(repaired);
    // Prose is "repaired" into a string: only a list or an object shows that JSON was meant.
    if ('value' in read && typeof read.value === 'object' && read.value !== null)
      return { value: read.value, text: repaired, how: 'JSON only after repair' };
  } catch {
    // Beyond repair: it is no JSON.
  }
  return undefined;
}
