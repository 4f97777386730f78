import { describe, member, omit } from '../../text/json-value.js';
import { parseTaskLine } from '../task-line.js';
import { finishIn, nameIn, scoresIn } from './item.js';
import type { OutputFormat } from './stored-answer.js';

/** Our own: a task line with the answer beside it. */
export const responseLine: OutputFormat = {
  name: 'task line with a response',
  looks:
    '{"messages": […], "response": "…"}, also with "model", "scores"; prompt or question in place of messages',
  isOne: (row) =>
    Object.hasOwn(row, 'response') &&
    ['messages', 'prompt', 'question'].some((key) => Object.hasOwn(row, key)),
  read(row) {
    const unread: string[] = [];
    const scores = scoresIn(member(row, 'scores'), 'scores', unread);
    const tools = member(row, 'tools');
    const parsed = parseTaskLine(omit(row, NOT_OF_TASK), { meant: 'all' });
    const problems = 'problems' in parsed ? [...unread, ...parsed.problems] : unread;
    const response = member(row, 'response') ?? null;
    if (response !== null && typeof response !== 'string')
      problems.push(`response: expected the answer as a string, got ${describe(response)}`);
    if (problems.length > 0 || !('value' in parsed)) return { problems };
    if (typeof response !== 'string') return { odd: 'response is null: there is no answer' };
    const { id, metadata, ...task } = parsed.value;
    const { model: named, ...ofTask } = metadata;
    const tokens = member(row, 'tokens');
    return {
      task: {
        ...task,
        ...(typeof member(row, 'id') === 'string' ? { id } : {}),
        metadata: tools === undefined ? ofTask : { ...ofTask, tools },
      },
      answers: [
        {
          response,
          finish: finishIn(member(row, 'finish_reason')),
          ...nameIn(member(row, 'model') ?? named),
          scores,
          tokens: typeof tokens === 'number' && tokens >= 0 ? tokens : null,
        },
      ],
    };
  },
};

const NOT_OF_TASK = ['response', 'scores', 'model', 'tokens', 'error', 'finish_reason', 'tools'];
