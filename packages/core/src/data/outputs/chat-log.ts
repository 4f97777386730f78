import { isObject, member, omit, describe } from '../../text/json-value.js';
import { FILTERED, finishIn, nameIn, scoresIn, tokensIn } from './item.js';
import type { OutputFormat, RowAnswer } from './stored-answer.js';
import { answerOfTurns, readTurns, splitTurns, type TurnTroubles } from './turns.js';

/** Conversations that end in the assistant's turn, or have its turns as `choices`. */
export const chatLog: OutputFormat = {
  name: 'chat log',
  looks: '{"messages": […, {"role": "assistant", …}]}, also with "tools", "choices", "scores"',
  isOne: (row) => Array.isArray(member(row, 'messages')) && !Object.hasOwn(row, 'response'),
  read(row) {
    const troubles: TurnTroubles = { problems: [], odd: [] };
    const { problems } = troubles;
    const turns = readTurns(member(row, 'messages'), 'messages', troubles);
    const { asked, answered } = splitTurns(turns);
    const scores = scoresIn(member(row, 'scores'), 'scores', problems);
    if (problems.length === 0 && asked.length === 0)
      problems.push('messages: expected at least one turn of a user, got none');
    const choices = member(row, 'choices') ?? null;
    const tokens = tokensIn(member(row, 'usage'));
    const model = nameIn(member(row, 'model'));
    const read: (RowAnswer | { odd: string })[] = [];
    if (choices === null) {
      const answer = answerOfTurns(answered);
      const finish = finishIn(member(row, 'finish_reason'));
      read.push('odd' in answer ? answer : { ...answer, finish, ...model, scores, tokens });
    } else if (Array.isArray(choices) && choices.length > 0) {
      choices.forEach((choice, i) => {
        const message = isObject(choice) ? member(choice, 'message') : undefined;
        if (!isObject(choice) || !isObject(message)) {
          problems.push(`choices[${i}].message: expected a turn, got ${describe(message)}`);
          return;
        }
        const answer = answerOfTurns([
          ...answered,
          ...readTurns([message], `choices[${i}].message`, troubles),
        ]);
        const finish = member(choice, 'finish_reason');
        if ('odd' in answer) read.push(answer);
        else if (finish === 'content_filter' && answer.response === '') read.push({ odd: FILTERED });
        else
          read.push({
            ...answer,
            finish: finishIn(finish),
            ...model,
            scores: choices.length === 1 ? scores : {},
            tokens: choices.length === 1 ? tokens : null,
          });
      });
    } else problems.push(`choices: expected a list that is not empty, got ${describe(choices)}`);
    if (problems.length > 0) return { problems };
    const odd = troubles.odd[0] ?? read.find((one) => 'odd' in one)?.odd;
    if (odd !== undefined) return { odd };
    // A reply has an id of its own, which no other reply to the task has.
    const id = member(row, 'id');
    const isReply = typeof id === 'string' && /^(chatcmpl|resp)[-_]/.test(id);
    const reference = member(row, 'reference_answer') ?? null;
    const metadata = member(row, 'metadata');
    return {
      task: {
        ...(typeof id === 'string' && id.trim() !== '' && !isReply ? { id } : {}),
        messages: asked,
        reference,
        metadata: { ...(isObject(metadata) ? metadata : {}), ...omit(row, NOT_OF_TASK) },
        ...((member(row, 'truth') ?? null) === null ? {} : { truth: member(row, 'truth')! }),
      },
      answers: read as RowAnswer[],
      ...(isReply ? { row: id } : {}),
    };
  },
};

const NOT_OF_TASK = [
  'id',
  'messages',
  'reference_answer',
  'truth',
  'metadata',
  'choices',
  'scores',
  'model',
  'usage',
  'error',
  'finish_reason',
  'object',
  'created',
  'system_fingerprint',
  'service_tier',
  'request_id',
];
