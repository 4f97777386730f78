import { InputError } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';

/** The longest name of a training job, of a customization job, of a model, of a hub. */
const LONGEST = 63;
/** Enough of a hash that two runs of one account do not meet. */
const HASH = 10;

/** Tags of everything that is made for a run: which run, and the hash of what it was made from. */
export const RUN_TAG = 'touchstone:run';
export const INPUTS_TAG = 'touchstone:inputs';

/**
 * The name of what is made for a run, the same one at each start: so a second start finds it. Letters, digits and single hyphens,
 * which is what each of AWS's services takes.
 *
 * @param run the run's id: any text.
 * @param part what it is, such as `a1` (the first attempt) or `deployed`.
 * @throws {TypeError} the part cannot be in a name.
 */
export function awsName(run: string, part: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part) || part.length > 30)
    throw new TypeError(`${part} cannot be part of a name`);
  const hash = sha256(run).slice(0, HASH);
  const room = LONGEST - HASH - part.length - 'ts---'.length;
  const plain = run
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .slice(0, room)
    .replaceAll(/^-|-$/g, '');
  return ['ts', plain, hash, part].filter((word) => word !== '').join('-');
}

/** What a job is for: an evaluation is another job than the training of the same attempt. */
export type Purpose = 'train' | 'evaluate';

/** The name of an attempt's job; attempts count from 1. */
export function jobName(run: string, attempt: number, purpose: Purpose = 'train'): string {
  if (!Number.isSafeInteger(attempt) || attempt < 1) throw new TypeError(`${attempt} is no attempt`);
  return awsName(run, `${purpose === 'train' ? 'a' : 'e'}${attempt}`);
}

/** What tells two requests apart: a hash of what is in them, wherever a key stands. */
export function inputsHash(body: object): string {
  return sha256(JSON.stringify(body, sorted)).slice(0, 32);
}

/** A token under which Bedrock makes one thing only, however often it is asked. */
export const clientToken = (name: string, inputs: string): string => `${name}-${inputs}`;

const sorted = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** Tags as a mapping, ours among them. */
export function tagsOf(
  run: string,
  inputs: string,
  others: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const tags = { ...others, [RUN_TAG]: tagValue(run), [INPUTS_TAG]: inputs };
  const wrong = Object.entries(tags).filter(
    ([key, value]) => !/^[\w .:/=+@-]{1,128}$/.test(key) || !/^[\w .:/=+@-]{0,256}$/.test(value),
  );
  if (wrong.length > 0 || Object.keys(tags).length > 50) {
    throw new InputError([
      {
        message: `tags: AWS takes at most 50, of letters, digits, spaces and . : / = + @ _ - (keys to 128, values to 256 characters); not ${
          wrong.map(([key, value]) => `${key}: ${value}`).join(', ') || `${Object.keys(tags).length} of them`
        }`,
      },
    ]);
  }
  return tags;
}

/** A run's id as the value of a tag: which characters a tag may hold, AWS says. */
export const tagValue = (run: string): string => run.replaceAll(/[^\w .:/=+@-]/g, '_').slice(0, 256);
