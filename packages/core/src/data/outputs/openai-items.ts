import type { JsonObject, JsonValue } from '@touchstone/spec';
import { describe, isObject, member } from '../../text/json-value.js';
import { shorten } from '../json-lines.js';
import { scalesOf } from './azure-rows.js';
import { errorIn, finishIn, graderName, nameIn, scoreIn, scoresIn, taskOfItem, tokensIn } from './item.js';
import type { OutputFormat, RowAnswer, RowReading } from './stored-answer.js';
import { answerOfTurns, readTurns, type TurnTroubles } from './turns.js';

/** What the evals API lists of a run, of OpenAI and of Azure AI Foundry. */
export const openaiItems: OutputFormat = {
  name: 'OpenAI evaluation output item',
  looks: '{"datasource_item": {…}, "sample": {"output": […]}, "results": [{"name", "score"}]}',
  isOne: (row) =>
    member(row, 'object') === 'eval.run.output_item' ||
    (isObject(member(row, 'datasource_item')) && Object.hasOwn(row, 'results')),
  read(row) {
    const item = member(row, 'datasource_item');
    const sample = member(row, 'sample') ?? {};
    if (!isObject(item) || !isObject(sample)) {
      return {
        problems: [
          `datasource_item and sample: expected objects, got ${describe(item)} and ${describe(sample)}`,
        ],
      };
    }
    const problems: string[] = [];
    const results = member(row, 'results');
    const scores = resultsIn(results, problems);
    const scales = scalesOf(azureGraders(results));
    const id = member(row, 'id');
    const read = readSample(item, 'datasource_item', sample, member(sample, 'output'), {
      scores,
      scales,
      problems,
    });
    // Of a row that graders failed it is "fail": that has an answer.
    const status = member(row, 'status');
    const found = status === 'error' && !('problems' in read) ? { odd: 'its status is "error"' } : read;
    return typeof id === 'string' && !('problems' in found) ? { ...found, row: id } : found;
  },
};

/** What the page of an evaluation exports. */
export const openaiExport: OutputFormat = {
  name: 'OpenAI evaluation export',
  looks: '{"item": {…}, "sample": {"outputs": […]}, "grades": {NAME: score}}',
  isOne: (row) => {
    const sample = member(row, 'sample');
    return isObject(member(row, 'item')) && isObject(sample) && Object.hasOwn(sample, 'outputs');
  },
  read(row) {
    const [item, sample] = [member(row, 'item') as JsonObject, member(row, 'sample') as JsonObject];
    const problems: string[] = [];
    const passes = scoresIn(member(row, 'passes'), 'passes', problems);
    const scores = { ...passes, ...scoresIn(member(row, 'grades'), 'grades', problems) };
    const [before, outputs] = [member(sample, 'trajectory') ?? [], member(sample, 'outputs')];
    const all = Array.isArray(before) && Array.isArray(outputs) ? [...before, ...outputs] : outputs;
    const read = readSample(item, 'item', sample, all, { scores, problems });
    const [run, place] = [member(row, 'run_id'), member(row, 'data_source_idx')];
    return typeof run === 'string' && typeof place === 'number' && !('problems' in read)
      ? { ...read, row: `${run}/${place}` }
      : read;
  },
};

/** A row as graders are given it, and as Azure exports it: the answer is `sample.output_text`. */
export const samplePair: OutputFormat = {
  name: 'item and sample, as graders are given them',
  looks: '{"item": {…}, "sample": {"output_text": "…"}}',
  isOne: (row) => {
    const [item, sample] = [member(row, 'item'), member(row, 'sample')];
    const flat =
      Object.hasOwn(row, 'sample.output_text') ||
      (isObject(item) && Object.hasOwn(item, 'sample.output_text'));
    return (
      isObject(item) && (flat || (isObject(sample) && TEXT_KEYS.some((key) => Object.hasOwn(sample, key))))
    );
  },
  read(row) {
    const item = member(row, 'item') as JsonObject;
    const flat = member(row, 'sample.output_text');
    const nested = member(row, 'sample');
    const sample = {
      ...(isObject(nested) ? nested : {}),
      ...(flat === undefined ? {} : { output_text: flat }),
    };
    const problems: string[] = [];
    const given = scoresIn(member(row, 'scores') ?? member(row, 'grades'), 'scores', problems);
    const scores = { ...given, ...resultsIn(member(row, 'results'), problems) };
    for (const [name, score] of Object.entries(given))
      if (scores[name] !== score)
        problems.push(
          `results: the grader "${shorten(name)}" gives ${scores[name]}, and scores says ${score}`,
        );
    return readSample(item, 'item', sample, undefined, { scores, problems });
  },
};

const TEXT_KEYS = ['output_text', 'output_json', 'output_tools'];

/** @param output turns of the answer, where the format has them. */
function readSample(
  item: JsonObject,
  at: string,
  sample: JsonObject,
  output: JsonValue | undefined,
  { problems, ...graded }: Pick<RowAnswer, 'scores' | 'scales'> & { problems: string[] },
): RowReading {
  const troubles: TurnTroubles = { problems, odd: [] };
  const task = taskOfItem(item, at, member(sample, 'input'), troubles);
  const answer = answerIn(item, sample, output, troubles);
  if (problems.length > 0 || task === undefined) return { problems };
  const [odd] = troubles.odd;
  if (odd !== undefined) return { odd };
  if ('odd' in answer) return answer;
  return {
    task,
    answers: [
      {
        ...answer,
        finish: finishIn(member(sample, 'finish_reason')),
        ...nameIn(member(sample, 'model') ?? member(sample, 'sampled_model_name')),
        ...graded,
        tokens: tokensIn(member(sample, 'usage')),
      },
    ],
  };
}

function answerIn(
  item: JsonObject,
  sample: JsonObject,
  output: JsonValue | undefined,
  troubles: TurnTroubles,
): ReturnType<typeof answerOfTurns> {
  if (output !== undefined && output !== null && !(Array.isArray(output) && output.length === 0)) {
    return answerOfTurns(readTurns(isObject(output) ? [output] : output, 'sample.output', troubles));
  }
  // Answers that were graded and not sampled stand in the item.
  const items = member(item, 'sample.output_items');
  if (Array.isArray(items) && items.length > 0)
    return answerOfTurns(readTurns(items, 'sample.output_items', troubles));
  const [text, json] = [
    member(sample, 'output_text') ?? member(item, 'sample.output_text'),
    member(sample, 'output_json'),
  ];
  const tools = member(sample, 'output_tools') ?? [];
  const said =
    text ??
    (json === undefined || json === null ? null : JSON.stringify(json)) ??
    member(item, 'response') ??
    null;
  if (Array.isArray(said)) return answerOfTurns(readTurns(said, 'response', troubles));
  const calls = Array.isArray(tools) && tools.length > 0;
  if (said === null && !calls) return { odd: 'sample has no output: there is no answer' };
  const turn = { role: 'assistant', content: said, ...(calls ? { tool_calls: tools } : {}) };
  return answerOfTurns(readTurns([turn], 'sample.output_text', troubles));
}

/** `[{"name", "score", "passed"}]`; where there is no score, `passed` is one. */
function resultsIn(value: JsonValue | undefined, problems: string[]): Record<string, number | null> {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value)) {
    problems.push(`results: expected a list, got ${describe(value)}`);
    return {};
  }
  const scores = new Map<string, number | null>();
  value.forEach((result, i) => {
    const name = isObject(result) ? (member(result, 'name') ?? member(result, 'metric')) : undefined;
    if (!isObject(result) || typeof name !== 'string' || name.trim() === '') {
      problems.push(`results[${i}]: expected an object with the grader's name, got ${describe(result)}`);
      return;
    }
    const grader = graderName(name);
    if (scores.has(grader)) problems.push(`results[${i}]: the grader "${shorten(grader)}" is there twice`);
    const score = scoreIn(member(result, 'score'), `results[${i}].score`, problems);
    const passed = member(result, 'passed');
    const said =
      score ?? (typeof passed === 'boolean' && !Object.hasOwn(result, 'score') ? Number(passed) : null);
    scores.set(grader, hasFailed(result) ? null : said);
  });
  return Object.fromEntries(scores);
}

/** A grader that failed may write 0: it has said nothing of the answer. */
function hasFailed(result: JsonObject): boolean {
  const sample = member(result, 'sample');
  const errors = [member(result, 'error'), isObject(sample) ? member(sample, 'error') : undefined];
  return member(result, 'status') === 'error' || errors.some((one) => errorIn(one) !== undefined);
}

/** Those of Azure's own that gave a number: only these are on Azure's scales. */
const azureGraders = (results: JsonValue | undefined): string[] =>
  (Array.isArray(results) ? results : []).flatMap((one) => {
    if (!isObject(one) || member(one, 'type') !== 'azure_ai_evaluator') return [];
    const name = member(one, 'name') ?? member(one, 'metric');
    return typeof name === 'string' && typeof member(one, 'score') === 'number' ? [graderName(name)] : [];
  });
