import { parseTaskLine } from '@touchstone/core';
import { InputError, type JsonValue, type Rollout } from '@touchstone/spec';
import { isRecord, own } from '../own.js';

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

/** Role names that stand for the model. Training sends `assistant`, evaluation `nova_assistant`. */
const ANSWERING_ROLES = new Set(['assistant', 'nova_assistant', 'bot']);
/** Turns of other roles, such as `tool`, are left out of the prompt: tasks are single-turn text. */
const PROMPT_ROLES = new Set(['system', 'developer', 'user', ...ANSWERING_ROLES]);

/**
 * Reads the event of an Amazon Nova reward function: a bare list of samples, or one sample.
 *
 * - The answer is the last assistant turn, unless a user turn follows it: then the sample has no answer yet, as in the
 *   lines of a training file. Assistant turns right before the answer (a ground truth that a data set ended with) are
 *   not shown to the judge.
 * - Content is text, or a list of which the text parts count.
 * - `reference_answer` is looked up at the top level, then in `metadata`; a blank one is none.
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
  const turns: unknown = own(sample, 'messages');
  if (!Array.isArray(turns)) return unreadable('messages: expected a list of turns');

  const { prompt, response } = splitTurns(turns);
  const metadata = own(sample, 'metadata');
  const reference = [own(sample, 'reference_answer'), own(metadata, 'reference_answer')].find(
    (value) => !isBlank(value),
  );
  const parsed = parseTaskLine({
    ...sample,
    id: id === undefined || `${id}`.trim() === '' ? null : `${id}`,
    messages: prompt,
    // What the policy was offered is no part of what is judged.
    tools: null,
    reference_answer: reference ?? null,
    ...(isRecord(metadata) ? { metadata: { ...metadata, reference_answer: null } } : {}),
  });
  if ('problems' in parsed) return unreadable(parsed.problems.join('; '));
  const task = parsed.value;
  return {
    id: id ?? `${task.id}-${index}`,
    rollout: response === null ? null : { task, response },
    group: JSON.stringify(task.messages),
  };
}

/** The turns that ask, as a task line has them, and the text of the turn that answers. */
function splitTurns(turns: readonly unknown[]): { prompt: JsonValue[]; response: string | null } {
  const last = turns.findLastIndex((turn) => isAnswer(turn) || roleOf(turn) === 'user');
  const answered = last >= 0 && isAnswer(turns[last]);
  const before = (answered ? turns.slice(0, last) : turns).filter((turn) => PROMPT_ROLES.has(roleOf(turn)));
  const asked = before.slice(0, before.findLastIndex((turn) => !isAnswer(turn)) + 1);
  return {
    prompt: asked.map((turn) => ({ role: roleOf(turn), content: textsOf(turn).join('\n') })),
    // Parts of one answer are one text: a line end between them could break a JSON string.
    response: answered ? textsOf(turns[last]).join('') : null,
  };
}

function roleOf(turn: unknown): string {
  const role = own(turn, 'role');
  return typeof role === 'string' ? role.toLowerCase() : '';
}

function isAnswer(turn: unknown): boolean {
  return ANSWERING_ROLES.has(roleOf(turn));
}

function textsOf(turn: unknown): string[] {
  const content = own(turn, 'content');
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => {
    const text = own(part, 'text');
    return own(part, 'type') === 'text' && typeof text === 'string' ? [text] : [];
  });
}

function isBlank(reference: unknown): boolean {
  if (reference === undefined || reference === null) return true;
  if (typeof reference === 'string') return reference.trim() === '';
  return typeof reference === 'object' && Object.keys(reference).length === 0;
}
