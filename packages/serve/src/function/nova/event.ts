import { createHash } from 'node:crypto';
import { isRecord, own } from '@touchstone/core';
import { InputError, type Rollout } from '@touchstone/spec';
import { problemOf, rolloutOf } from '../../scoring/sample.js';
import { conversationOf } from './shapes.js';

/** One sample of a reward event. */
export interface NovaSample {
  /** As it came; made from the task and the place in the event when the sample has none. */
  id: string | number;
  /** null: the sample has no answer, or cannot be read (then `problem` says why). */
  rollout: Pick<Rollout, 'task' | 'response'> | null;
  /** The same for samples of one prompt; empty when the sample cannot be read. */
  group: string;
  problem?: string;
}

/**
 * The samples of an event of an AWS reward function: a bare list of samples, or one sample.
 *
 * @throws {InputError} when the event is neither a list nor an object with a sample's keys.
 */
export function rowsOf(event: unknown): readonly unknown[] {
  if (Array.isArray(event)) return event;
  if (isRecord(event) && conversationOf(event) !== undefined) return [event];
  const came = isRecord(event) ? 'an object without' : event === null ? 'null' : typeof event;
  throw new InputError([
    {
      message: `the reward event: expected a list of samples, or one with messages, prompt or query, got ${came}`,
    },
  ]);
}

/**
 * Reads the event of an AWS reward function. What shapes a sample can have says `conversationOf`, and which turn of it is
 * the answer `splitTurns`. Content is text, or a list of which the text parts count.
 *
 * A sample that cannot be read is returned with a `problem`; the others are not touched by it.
 *
 * @throws {InputError} as `rowsOf`.
 */
export function parseRewardEvent(event: unknown): NovaSample[] {
  return rowsOf(event).map(parseSample);
}

/** One sample of an event, which is the `index`th. */
export function parseSample(sample: unknown, index: number): NovaSample {
  const given = own(sample, 'id');
  const id = typeof given === 'string' || Number.isFinite(given) ? (given as string | number) : undefined;
  try {
    const { answer, ...rollout } = readSample(sample);
    return {
      id: id ?? `${rollout.task.id}-${index}`,
      rollout: answer === undefined ? null : rollout,
      group: createHash('sha256').update(JSON.stringify(rollout.task.messages)).digest('hex'),
    };
  } catch (error) {
    return { id: id ?? `sample-${index}`, rollout: null, group: '', problem: problemOf(error) };
  }
}

function readSample(sample: unknown): Rollout & { answer: unknown } {
  if (!isRecord(sample)) throw new InputError([{ message: 'expected an object with messages' }]);
  const conversation = conversationOf(sample);
  if (conversation === undefined) {
    const message = 'expected messages as a list of turns, or a prompt or query of a SageMaker evaluation';
    throw new InputError([{ message }]);
  }
  const { prompt, answer, reference, fields } = conversation;
  const line = { ...fields, messages: prompt, reference_answer: reference };
  return { ...rolloutOf(line, answer ?? ''), answer };
}
