import { createDispatcher, openJudge, readTaskPath, type Judge } from '@touchstone/core';
import { describe, expect, it } from 'vitest';
import type { JsonValue, LanguageModel, ModelRequest, Task } from '@touchstone/spec';
import { consistencyProblems } from '../consistency.js';
import { parseConfig } from '../load.js';
import type { Config } from '../schema.js';
import { templateFiles, TEMPLATE_NAMES, TEMPLATES, type TemplateName } from './index.js';

const task: Task = {
  id: 't',
  messages: [{ role: 'user', content: 'Review the contract.' }],
  reference: 'Invoices shall be paid within 30 days of receipt.',
  metadata: {
    document: '1. Scope.\n2. The Buyer shall pay each invoice within ninety days.',
    context: 'The tower is 330 m high.',
  },
};

/** The judge of a template, over a simulator that says `scores` of everything and keeps what it was asked. */
async function judgeOf({ judge, seed }: Config, scores: Record<string, JsonValue>) {
  const requests: ModelRequest[] = [];
  const opened = await openJudge(judge, {
    seed,
    baseDir: '.',
    open({ model: name, attempts }) {
      const model: LanguageModel = {
        id: name,
        version: 'simulator',
        structuredOutput: false,
        generate: (request) => {
          requests.push(request);
          const id = /The reply id is (\w+)\s*$/.exec(request.messages.at(-1)!.content)![1];
          const verdicts = Object.entries(scores).map(([criterion, score]) => ({
            criterion,
            evidence: '',
            reason: '',
            score,
          }));
          const text = JSON.stringify({ id, verdicts, reason: '', winner: 'A' });
          return Promise.resolve({ text, finish: 'stop', inputTokens: 1, outputTokens: 1 });
        },
      };
      const dispatcher = createDispatcher({ concurrency: 8, timeout_seconds: 1, attempts, seed });
      return Promise.resolve({ model, fallbacks: [], dispatcher });
    },
  });
  return { judge: opened, requests };
}
const judgeAll = (judge: Judge, ...responses: string[]) =>
  judge.judge(responses.map((response, i) => ({ id: `r${i}`, task, response })));

describe.each(TEMPLATE_NAMES)('the template %s', (name: TemplateName) => {
  const { yaml } = TEMPLATES[name];

  it('is valid as it is, and with everything on that is off', () => {
    const { config, source } = parseConfig(yaml, `${name}.yaml`);
    expect(consistencyProblems(config, source)).toEqual([]);
    const on = parseConfig(yaml.replaceAll(/^( *)#(?=\S| {2})/gm, '$1'), `${name}.yaml`);
    expect(consistencyProblems(on.config, on.source)).toEqual([]);
    expect(on.config.heldout_judge).toBeDefined();
    expect(config.gate).toEqual({});
    expect(on.config.gate).toMatchObject({ label_kappa: { min: 0.6 }, flip_rate: 'off' });
  });

  it('has a sample of several answers to each task, with other labels for each', async () => {
    const { 'data/labelled.jsonl': sample } = await templateFiles(name);
    const lines = sample!
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; labels: object });
    for (const { id } of lines) {
      const labels = lines.filter((line) => line.id === id).map((line) => JSON.stringify(line.labels));
      expect(labels.length, id).toBeGreaterThan(1);
      expect(new Set(labels).size, id).toBe(labels.length);
    }
  });

  it('renders a prompt that shows the task, the answer and how to reply', async () => {
    const { config } = parseConfig(yaml, `${name}.yaml`);
    const names = config.judge.kind === 'rubric' ? config.judge.criteria.map((one) => one.name) : [];
    const { judge, requests } = await judgeOf(config, {});
    await judgeAll(judge, '[{"comment":"ANSWER ONE"}]', '[{"comment":"ANSWER TWO"}]');
    const text = requests[0]!.messages.map(({ content }) => content).join('\n');
    for (const part of ['ANSWER', '"id":"the reply id"', ...names]) expect(text).toContain(part);
    const inputs = config.judge.kind === 'rubric' ? Object.values(config.judge.inputs) : ['prompt'];
    for (const path of inputs) expect(text).toContain(readTaskPath(task, path));
    expect(text).not.toMatch(/\{\{/);
    expect(requests[0]!.sharedPrefix).toBeGreaterThan(0);
  });
});

describe('the judge of contract reviews', () => {
  const { config } = parseConfig(TEMPLATES['contract-review'].yaml, 'contract-review.yaml');
  const full = { TargetDocument_Grounding: 5, Reference_Consistency: 5, Actionability: 5 };
  const comment = {
    comment_id: '1',
    text_excerpt: 'The Buyer shall pay each invoice within ninety days.',
    comment_type: 'risk',
    comment: 'Ninety days against 30.',
    action: 'Replace ninety by thirty.',
  };

  it('has an anchor for every score, and asks in the order of the article', () => {
    if (config.judge.kind !== 'rubric') throw new Error('expected a rubric');
    expect(config.judge.criteria.map(({ name }) => name)).toEqual(Object.keys(full));
    for (const { anchors } of config.judge.criteria)
      expect(Object.keys(anchors!)).toEqual(['1', '2', '3', '4', '5']);
  });

  it.each([
    ['a good comment', [comment], 1],
    [
      'a quote from the Reference',
      [{ ...comment, text_excerpt: 'Invoices shall be paid within 30 days' }],
      2 / 3,
    ],
    ['an empty excerpt', [{ ...comment, text_excerpt: ' ' }], 2 / 3],
    ['an unknown comment type', [{ ...comment, comment_type: 'praise' }], 2 / 3],
    ['no action', [{ ...comment, action: '' }], 2 / 3],
    [
      'several comments, one of them bad',
      [comment, { ...comment, action: '', comment_type: '' }],
      (1 + 1 / 3) / 2,
    ],
    ['an empty comment among them', [comment, {}], 1 / 2],
    ['no comments', [], 0],
  ])('scores %s by its rules, though its model is generous', async (_, answer, expected) => {
    const { judge } = await judgeOf(config, full);
    const [judgement] = await judgeAll(judge, JSON.stringify(answer));
    expect(judgement!.answer.status === 'scored' && judgement!.answer.score).toBeCloseTo(expected, 12);
  });

  it('scores an answer that is not a list of comments 0, without a call', async () => {
    const { judge, requests } = await judgeOf(config, full);
    const judgements = await judgeAll(judge, '', 'The contract is fine.', '{}', 'null');
    expect(judgements.map(({ answer }) => answer)).toEqual(
      Array.from({ length: 4 }, () => ({ status: 'scored', score: 0 })),
    );
    expect(requests).toEqual([]);
  });
});

it('a veto of the faithfulness template makes an answer that contradicts its context worthless', async () => {
  const { config } = parseConfig(TEMPLATES.faithfulness.yaml, 'faithfulness.yaml');
  if (config.judge.kind !== 'rubric') throw new Error('expected a rubric');
  const yes = Object.fromEntries(config.judge.criteria.map(({ name }) => [name, true]));
  const score = async (scores: Record<string, JsonValue>) =>
    (await judgeAll((await judgeOf(config, scores)).judge, 'It is 300 m high.'))[0]!.answer;
  expect(await score(yes)).toEqual({ status: 'scored', score: 1 });
  expect(await score({ ...yes, No_Contradiction: false })).toEqual({ status: 'scored', score: 0 });
});
