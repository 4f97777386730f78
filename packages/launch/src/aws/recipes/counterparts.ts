import type { Counterpart } from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import { TARGET_NAMES, TARGETS, type Overrides, type Target, type Tuning } from './key.js';
import { KEYS, keyOf, type KeyName } from './keys.js';
import { placeOf, settle } from './values.js';

/**
 * What each override becomes in a target, and where else it is ignored; a value that the target refuses says so in its note.
 *
 * @throws {InputError} where one is unknown.
 */
export function overrideCounterparts(
  target: Target,
  overrides: Overrides,
  tuning: Tuning = 'lora',
): Counterpart[] {
  return Object.entries(overrides).map(([spelling, value]) => {
    const settled = settle(target, tuning, { [spelling]: value });
    const key = keyOf(spelling);
    if (key === undefined) throw new InputError(settled.problems.map((message) => ({ message })));
    const place = placeOf(key, target, tuning);
    return {
      setting: spelling,
      value: JSON.stringify(value),
      becomes: place && settled.problems.length === 0 ? `${place.path} = ${JSON.stringify(value)}` : null,
      note: [
        ...settled.problems.map((problem) => `refused: ${problem}`),
        ...(place ? settled.remarks : []),
        KEYS[key].note ?? '',
        ignoredBy(key),
      ]
        .filter((part) => part !== '')
        .join('; '),
    };
  });
}

function ignoredBy(key: KeyName): string {
  const others = TARGETS.filter((target) => KEYS[key].in[target] === undefined);
  return others.length === 0 ? '' : `ignored by: ${others.map((one) => TARGET_NAMES[one]).join(', ')}`;
}
