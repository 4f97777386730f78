import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RewardRecord } from '@touchstone/serve';
import { startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';

/*
 * Judges as people have them, end to end over HTTP: `reward score` and `judge`. An answer is a list of the words that it meets, and the
 * simulator replies in the form that the owner's prompt asks for.
 */

const folder = mkdtempSync(join(tmpdir(), 'touchstone-people-'));
let simulator: ProviderServer;

const about = (text: string, word: string): boolean => new RegExp(`\\b${word}\\b`).test(text);
const RULES: Record<string, (prompt: string) => string> = {
  item: (prompt) => {
    const word = /Rubric item: says (\w+)/.exec(prompt)![1]!;
    return `\`\`\`json\n{"explanation":"…","criteria_met":${about(prompt.split('Answer:')[1]!, word)}}\n\`\`\``;
  },
  ours: (prompt) => {
    const answer = /<candidate>\n(.*)\n<\/candidate>/s.exec(prompt)![1]!;
    const listed = [...prompt.matchAll(/^- (c\d+) \(true or false\): says (\w+)$/gm)];
    const verdicts = listed.map(([, criterion, word]) => ({
      criterion,
      evidence: '',
      reason: 'by rule',
      score: about(answer, word!),
    }));
    return JSON.stringify({ id: /reply id is (\w+)\W*$/.exec(prompt)![1], verdicts });
  },
  letter: (prompt) =>
    `It is so.\nVerdict: ${about(prompt, 'alpha') ? 'PASS' : about(prompt, 'beta') ? 'PARTIAL' : 'FAIL'}`,
  fields: (prompt) =>
    `{"correctness": ${about(prompt, 'alpha') ? 5 : 1}, "style": ${about(prompt, 'beta') ? 3 : 1}${about(prompt, 'garbled') ? '' : `, "safe": ${!about(prompt, 'gamma')}`}}`,
  pair: (prompt) => {
    const [, a, b] = /A: (.*)\nB: (.*)\nend/s.exec(prompt)!;
    const [x, y] = [a!, b!].map((text) => Number(about(text, 'alpha')) * 2 + Number(about(text, 'beta')));
    return `My final verdict is: [[${x! > y! + 1 ? 'A>>B' : x! > y! ? 'A>B' : x === y ? 'A=B' : y! > x! + 1 ? 'B>>A' : 'B>A'}]]`;
  },
  same: (prompt) => {
    const [, a, b] = /A: (.*)\nB: (.*)\nend/s.exec(prompt)!;
    return `[[${about(a!, 'alpha') === about(b!, 'alpha') ? 'A=B' : 'A!=B'}]]`;
  },
};
beforeAll(async () => {
  simulator = await startProvider({
    respond(asked) {
      const prompt = asked.request.messages.map(({ content }) => content).join('\n');
      const rule = RULES[/^(\w+)!/.exec(prompt)?.[1] ?? 'ours']!;
      return { text: rule(prompt), inputTokens: 10, outputTokens: 5 };
    },
  });
});
afterAll(async () => {
  await simulator.goDown();
  rmSync(folder, { recursive: true });
});

const JUDGES = {
  'criteria per task': `kind: label-model
  messages: [{ role: user, content: "item! Rubric item: {{criterion}}\\nAnswer: {{response}}" }]
  label_scores: { true: 1, false: 0 }
  verdict: { key: criteria_met }
  criteria: { from: metadata.rubrics, id: id, points: points, category: axis, categories: [facts, safety] }`,
  'criteria in our words': `kind: task-rubric
  structured_output: prompt
  objective: Judge it.
  criteria: { from: metadata.rubrics, id: id, points: points, category: axis, categories: [facts, safety] }`,
  'verdict by key': `kind: label-model
  messages: [{ role: user, content: "letter! {{response}}" }]
  label_scores: { PASS: 4, PARTIAL: 3, FAIL: 0 }
  range: [0, 4]
  verdict: { key: verdict }`,
  'several fields': `kind: fields-model
  messages: [{ role: user, content: "fields! {{response}}" }]
  fields:
    correctness: { range: [1, 5], weight: 2 }
    style: { range: [1, 5] }
    safe: { label_scores: { true: 1, false: 0 } }`,
  pairwise: `kind: pair-model
  messages: [{ role: user, content: "pair! A: {{first}}\\nB: {{second}}\\nend" }]
  label_scores: { "[[A>>B]]": 1, "[[A>B]]": 0.75, "[[A=B]]": 0.5, "[[B>A]]": 0.25, "[[B>>A]]": 0 }
  against: reference`,
  equivalence: `kind: pair-model
  mode: equivalence
  messages: [{ role: user, content: "same! A: {{first}}\\nB: {{second}}\\nend" }]
  label_scores: { "[[A=B]]": 1, "[[A!=B]]": 0 }
  against: reference`,
};
type Shape = keyof typeof JUDGES;
const rubrics = [
  { id: 'r1', criterion: 'says alpha', points: 6, axis: 'facts' },
  { id: 'r2', criterion: 'says beta', points: 2, axis: 'facts' },
  { id: 'r3', criterion: 'says gamma', points: -4, axis: 'safety' },
];

/** A configuration with this judge. */
function configure(shape: Shape): string {
  const file = join(folder, `${shape.replaceAll(' ', '-')}.yaml`);
  writeFileSync(
    file,
    `name: people
output: ${JSON.stringify(join(folder, `runs-${shape}`))}
data: { labelled: ${shape.replaceAll(' ', '-')}.jsonl }
validation: { repeats: 2, probes: ${shape.includes('our words') ? 3 : 0}, variants: ${shape.includes('our words') ? 6 : 0} }
judge:
  model: openai-compatible:rule
  base_url: ${simulator.url}
  attempts: 1
  ${JUDGES[shape]}
`,
  );
  return file;
}
async function run(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(args, { out: sink('out'), err: sink('err'), env: {} });
  return { ...got, code };
}
const line = (id: string, response: string, more: object = {}) =>
  JSON.stringify({ id, question: `q ${id}`, reference_answer: 'beta', response, rubrics, ...more });
const lines = (name: string, all: readonly string[]): string => {
  const file = join(folder, name);
  writeFileSync(file, all.join('\n'));
  return file;
};

describe('reward score', () => {
  const ANSWERS = ['alpha beta', 'alpha gamma', 'beta', 'garbled', ''];
  it.each([
    ['criteria per task', [1, 0.25, 0.25, 0, 0]],
    ['criteria in our words', [1, 0.25, 0.25, 0, 0]],
    ['verdict by key', [1, 1, 0.75, 0, 0]],
    ['several fields', [0.875, 0.5, 0.375, null, 0]],
    ['pairwise', [1, 0.75, 0.5, 0.25, 0]],
    ['equivalence', [0, 0, 1, 1, 0]],
  ] satisfies [Shape, (number | null)[]][])('with %s', async (shape, scores) => {
    const file = lines(
      'answers.jsonl',
      ANSWERS.map((text, i) => line(`t${i}`, text)),
    );
    const { code, out, err } = await run('reward', 'score', configure(shape), file, '--json');
    expect([code, err]).toEqual([0, '']);
    const { rewards } = JSON.parse(out) as { rewards: RewardRecord[] };
    expect(rewards.map(({ score }) => score)).toEqual(scores);
  });

  it('without any verdict is no result: exit code 1, and why', async () => {
    const file = lines(
      'silent.jsonl',
      ['garbled', 'garbled too'].map((text, i) => line(`t${i}`, text)),
    );
    const { code, out, err } = await run('reward', 'score', configure('several fields'), file);
    expect(code).toBe(1);
    expect(out).toContain('0 scored, 2 abstained, 0 failed');
    expect(err).toMatch(/no verdict on any of 2 answers; the first: .+\. Mend the cause/);
  });

  it('lets an odd task cost that task, and shows categories in columns', async () => {
    const file = lines('odd.jsonl', [
      line('t1', 'alpha'),
      line('odd', 'alpha', { rubrics: [...rubrics, ...rubrics] }),
      line('t2', 'beta gamma'),
    ]);
    const { code, out, err } = await run('reward', 'score', configure('criteria per task'), file);
    expect(code).toBe(2);
    expect(out).toMatch(/^# {2}id +reward +judge +facts +safety +note$/m);
    expect(out).toMatch(/^1 {2}t1 +0\.750 +0\.750 +0\.500 +1\.000/m);
    expect(out).toContain('2 scored, 0 abstained, 1 failed');
    expect(err).toContain(
      'odd.jsonl:2: not scored: task odd: metadata.rubrics.3: the id "r1" is there twice',
    );
  });
});

describe('judge', () => {
  /** Twelve tasks with a good and a bad answer each; labels of every criterion, by its own name. */
  const labelled = (good: object, bad: object): string[] =>
    Array.from({ length: 12 }, (_, i) => [
      line(`t${i}`, `alpha beta ${i}`, { labels: good }),
      line(`t${i}`, `gamma ${i}`, { labels: bad }),
    ]).flat();

  it.each([
    [
      'criteria per task',
      { r1: true, r2: true, r3: false },
      { r1: false, r2: false, r3: true },
      ['label_kappa.facts', 'flip_rate.safety'],
    ],
    [
      'criteria in our words',
      { r1: true, r3: false },
      { r1: false, r2: false, r3: true },
      [
        'label_kappa.facts',
        'label_kappa.safety',
        'variant_flips.criteria-reversed',
        'variant_flips.reworded',
      ],
    ],
    ['several fields', { correctness: 5, safe: 1 }, { correctness: 1, safe: 0 }, ['label_kappa.correctness']],
    ['pairwise', { score: 1 }, { score: 0 }, ['position_consistency']],
  ] satisfies [Shape, object, object, string[]][])('examines %s', async (shape, good, bad, findings) => {
    const config = configure(shape);
    lines(`${shape.replaceAll(' ', '-')}.jsonl`, labelled(good, bad));
    const { out, err } = await run('judge', config, '--json');
    expect([err, out]).toEqual([err, expect.stringContaining('findings')]);
    const { findings: found } = JSON.parse(out) as {
      findings: { name: string; estimate: { mean: number } | null }[];
    };
    const of = (name: string) => found.find((one) => one.name === name)?.estimate?.mean;
    expect([err, of('order_accuracy'), of('label_kappa')]).toEqual([
      expect.any(String),
      1,
      expect.any(Number),
    ]);
    for (const name of findings) expect([name, of(name)]).toEqual([name, /flip/.test(name) ? 0 : 1]);
  });

  it('names every odd task and every label of no criterion before anything is paid for', async () => {
    const shape = 'criteria per task';
    const before = simulator.provider.ledger.counts.calls;
    const config = configure(shape);
    lines(`${shape.replaceAll(' ', '-')}.jsonl`, [
      line('a', 'alpha', { labels: { r1: true }, rubrics: [] }),
      line('b', 'alpha', { labels: { r1: true }, rubrics: [{ ...rubrics[0], points: 'six' }] }),
    ]);
    expect(await run('judge', config)).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /task a: metadata\.rubrics.*task b: metadata\.rubrics\.0\.points/s,
      ) as string,
    });
    lines(`${shape.replaceAll(' ', '-')}.jsonl`, [line('a', 'alpha', { labels: { r4: true } })]);
    expect((await run('judge', config)).err).toContain(
      'expected a criterion of the judge (r1, r2, r3), got "r4"',
    );
    expect(simulator.provider.ledger.counts.calls).toBe(before);
  });
});
