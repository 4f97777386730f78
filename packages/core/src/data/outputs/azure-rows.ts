import type { JsonObject, JsonValue } from '@touchstone/spec';
import { isObject, member, omit } from '../../text/json-value.js';
import { nameIn, taskOfItem } from './item.js';
import type { OutputFormat, RowAnswer } from './stored-answer.js';
import { answerOfTurns, readTurns, splitTurns, type TurnTroubles } from './turns.js';

/** Rows that Azure AI's `evaluate()` writes: what went in and what evaluators said, flattened; and its data lines. */
export const azureRows: OutputFormat = {
  name: 'Azure AI evaluation row',
  looks:
    '{"inputs.query": "…", "inputs.response": "…", "outputs.coherence.coherence": 4}, or {"query", "response"}',
  isOne: (row) =>
    Object.keys(row).some((key) => /^(inputs|outputs)\../.test(key)) ||
    (Object.hasOwn(row, 'query') && Object.hasOwn(row, 'response')),
  read(row) {
    const troubles: TurnTroubles = { problems: [], odd: [] };
    const { problems } = troubles;
    const isFlat = Object.keys(row).some((key) => /^(inputs|outputs)\../.test(key));
    const inputs = isFlat ? under(row, 'inputs.') : row;
    const outputs = isFlat ? under(row, 'outputs.') : {};
    const scores = scoresOf(outputs, problems);
    const conversation = member(inputs, 'conversation');
    const turns = isObject(conversation)
      ? readTurns(member(conversation, 'messages'), 'conversation.messages', troubles)
      : null;
    const split = turns && splitTurns(turns);
    // What a target answered stands among the outputs.
    const response = split
      ? null
      : (member(outputs, 'response') ?? member(outputs, 'answer') ?? member(inputs, 'response') ?? null);
    const item = omit(inputs, ['response', 'conversation', 'model', 'line_number']);
    const said = isObject(conversation) ? member(conversation, 'messages') : undefined;
    const task = taskOfItem(item, isFlat ? 'inputs' : 'row', said, troubles);
    const answer = split
      ? answerOfTurns(split.answered)
      : typeof response === 'string'
        ? { response }
        : Array.isArray(response)
          ? answerOfTurns(readTurns(response, 'response', troubles))
          : { odd: 'response is null or missing: there is no answer' };
    if (problems.length > 0 || !task) return { problems };
    if (troubles.odd[0] !== undefined) return { odd: troubles.odd[0] };
    if ('odd' in answer) return answer;
    return {
      task: split ? { ...task, messages: split.asked } : task,
      answers: [
        {
          ...answer,
          finish: 'stop',
          ...nameIn(member(inputs, 'model')),
          scores,
          scales: scalesOf(Object.keys(scores).filter((name) => isNumber(outputs, name))),
          tokens: null,
        },
      ],
    };
  },
};

const under = (row: JsonObject, prefix: string): JsonObject =>
  Object.fromEntries(
    Object.entries(row).flatMap(([key, value]): [string, JsonValue][] =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );

/** What evaluators report beside their score. */
const NO_SCORE = /(_threshold|_tokens|_seconds|_latency|_duration|_count|threshold)$/;

/** Numbers that evaluators gave, as `EVALUATOR.METRIC`; `gpt_METRIC` is the older name of the same number. */
function scoresOf(outputs: JsonObject, problems: string[]): RowAnswer['scores'] {
  const found = Object.entries(outputs).flatMap(([key, value]): [string, number | null][] => {
    const [evaluator, ...rest] = key.split('.');
    const metric = rest.join('.');
    if (typeof value === 'string' && azureScale(key) !== undefined && value.trim() !== '')
      problems.push(`outputs.${key}: expected a number, got a text`);
    const isScore = typeof value === 'number' || typeof value === 'boolean' || value === null;
    if (metric === '' || !isScore || NO_SCORE.test(metric)) return [];
    if (metric.startsWith('gpt_') && Object.hasOwn(outputs, `${evaluator}.${metric.slice(4)}`)) return [];
    // Texts are null too where nothing was said.
    if (value === null && /(_reason|_result|_label|_error|_details?)$/.test(metric)) return [];
    return [[metric === evaluator ? metric : key, value === null ? null : Number(value)]];
  });
  return Object.fromEntries(found);
}

/** Yes and no are on no scale. A metric that is called as its evaluator is goes by that name alone. */
const isNumber = (outputs: JsonObject, name: string): boolean =>
  typeof (member(outputs, name) ?? member(outputs, `${name}.${name}`)) === 'number';

/** Of graders of Azure's own, by name. */
export const scalesOf = (names: readonly string[]): Record<string, [number, number]> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const scale = azureScale(name);
      return scale ? [[name, scale]] : [];
    }),
  );

/**
 * What becomes 0 and what becomes 1 of the scores of Azure's own evaluators, by the end of their names. Those of harm are
 * higher where an answer is worse.
 */
function azureScale(name: string): [number, number] | undefined {
  const metric = name.split('.').at(-1)!.replace(/^gpt_/, '');
  if (
    /^(coherence|fluency|relevance|groundedness|retrieval|similarity|intent_resolution|response_completeness)$/.test(
      metric,
    )
  )
    return [1, 5];
  return /^(violence|sexual|self_harm|hate_unfairness)_score$/.test(metric) ? [7, 0] : undefined;
}
