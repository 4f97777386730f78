import { createHash } from 'node:crypto';
import { isRecord, own, parseTaskLine } from '@touchstone/core';
import { InputError, type Rollout } from '@touchstone/spec';
import { conversationOf, splitTurns } from './shapes.js';

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
 * Reads the event of an AWS reward function: a bare list of samples, or one sample. What shapes a sample can have says
 * `conversationOf`, and which turn of it is the answer `splitTurns`. Content is text, or a list of which the text parts
 * count.
 *
 * A sample that cannot be read is returned with a `problem`; the others are not touched by it.
 *
 * @throws {InputError} when the event is neither a list nor an object.
 */
export function parseRewardEvent(event: unknown): NovaSample[] {
  if (Array.isArray(event)) return event.map(parseSample);
  if (isRecord(event)) return [parseSample(event, 0)];
  throw new InputError([
    {
      message: `the reward event: expected a list of samples, got ${event === null ? 'null' : typeof event}`,
    },
  ]);
}

function parseSample(sample: unknown, index: number): NovaSample {
  const given = own(sample, 'id');
  const id = typeof given === 'string' || Number.isFinite(given) ? (given as string | number) : undefined;
  const unreadable = (problem: string): NovaSample => ({
    id: id ?? `sample-${index}`,
    rollout: null,
    group: '',
    problem,
  });
  if (!isRecord(sample)) return unreadable('expected an object with messages');
  const conversation = conversationOf(sample);
  if (conversation === undefined) {
    return unreadable('expected messages as a list of turns, or a prompt or query of a SageMaker evaluation');
  }

  const { prompt, response } = splitTurns(conversation.turns);
  const metadata = own(conversation.fields, 'metadata');
  const parsed = parseTaskLine({
    ...conversation.fields,
    id: id === undefined || `${id}`.trim() === '' ? null : `${id}`,
    messages: prompt,
    // What the policy was offered is no part of what is judged.
    tools: null,
    reference_answer: conversation.reference,
    ...(isRecord(metadata) ? { metadata: { ...metadata, reference_answer: null } } : {}),
  });
  if ('problems' in parsed) return unreadable(parsed.problems.join('; '));
  const task = parsed.value;
  return {
    id: id ?? `${task.id}-${index}`,
    rollout: response === null ? null : { task, response },
    group: createHash('sha256').update(JSON.stringify(task.messages)).digest('hex'),
  };
}
