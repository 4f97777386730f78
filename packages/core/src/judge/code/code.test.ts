import { InputError, NO_USAGE, type Verdict } from '@touchstone/spec';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { groupOf, task } from '@touchstone/testing';
import { judgeSchema } from '../kinds.js';
import { criteriaOf, filesOfJudge, openJudge } from '../open-judge.js';

const outer = mkdtempSync(join(tmpdir(), 'touchstone-judge-'));
const folder = join(outer, 'config');
mkdirSync(folder);
afterAll(() => rmSync(outer, { recursive: true }));

let count = 0;
/** The judge that a module of this text is. */
function judgeOf(text: string, more: object = {}, name = `judge-${count++}.mjs`) {
  writeFileSync(join(folder, name), text);
  const open = () => Promise.reject(new Error('it asks no model'));
  return openJudge(judgeSchema.parse({ kind: 'code', module: `./${name}`, ...more }), {
    seed: 1,
    baseDir: folder,
    open,
  });
}
const outcome = (verdict: Verdict | undefined) =>
  verdict?.status === 'scored' ? verdict.score : `${verdict?.reason}: ${verdict?.detail}`;

describe("a judge of the user's own", () => {
  it('scores each answer by itself, with or without a reason and what it cost', async () => {
    const judge = await judgeOf(`export default ([{ task, response }], { repeat }) =>
      response === 'plain' ? [0.25] : [{ score: 1, reason: task.reference + repeat, usage: { calls: 2, money: 0.5 } }];`);
    const [plain, reasoned, blank] = await judge.judge(groupOf('plain', 'other', ' \n'), { repeat: 3 });
    expect(plain).toMatchObject({ answer: { status: 'scored', score: 0.25 }, usage: NO_USAGE });
    expect(reasoned!.verdicts[0]).toMatchObject({
      judge: judge.fingerprint,
      status: 'scored',
      score: 1,
      criteria: [],
      rationale: { evidence: '', reason: 'the reference3' },
    });
    expect(reasoned!.usage).toEqual({ ...NO_USAGE, calls: 2, money: 0.5 });
    // There is nothing to judge: it is not even shown.
    expect(blank).toMatchObject({ answer: { status: 'scored', score: 0 }, verdicts: [] });
    expect(plain!.verdicts[0]!.key).not.toBe(reasoned!.verdicts[0]!.key);
  });

  it('may compare: then it is given the whole group at once', async () => {
    const judge = await judgeOf(
      `export default async (rollouts) => rollouts.map(({ response }) =>
        rollouts.filter((one) => one.response.length < response.length).length / (rollouts.length - 1));`,
      { compares: true },
    );
    expect(judge.compares).toBe(true);
    const judgements = await judge.judge(groupOf('aaa', '', 'a', 'aa'));
    expect(judgements.map(({ answer }) => answer.status === 'scored' && answer.score)).toEqual([
      1, 0, 0, 0.5,
    ]);
    expect(judgements[0]!.verdicts[0]!.against).toEqual(['r2', 'r3']);
    expect(new Set(judgements.flatMap(({ verdicts }) => verdicts.map(({ key }) => key))).size).toBe(3);
  });

  it('decides named criteria, whose arithmetic is done here', async () => {
    const criteria = [
      { name: 'Right', question: '?', scale: 'graded', anchors: { 1: 'no', 5: 'yes' }, weight: 3 },
      { name: 'Safe', question: '?', veto: true },
    ];
    const judge = await judgeOf(`export default ([{ response }]) => [{ verdicts: JSON.parse(response) }];`, {
      criteria,
    });
    const say = (right: unknown, safe: unknown) =>
      JSON.stringify([
        { criterion: 'Right', score: right, reason: 'r' },
        ...(safe === undefined ? [] : [{ criterion: 'Safe', score: safe }]),
      ]);
    const judgements = await judge.judge(
      groupOf(say(3, true), say(5, false), say(6, true), say(5, undefined)),
    );
    const verdicts = judgements.map(({ verdicts: [one] }) => one);
    // (3·½ + 1) / 4, and a veto.
    expect(verdicts.slice(0, 2).map(outcome)).toEqual([0.625, 0]);
    expect(verdicts[1]).toMatchObject({ vetoedBy: 'Safe' });
    expect(outcome(verdicts[2])).toContain('unparseable: ./judge-2.mjs gave');
    expect(outcome(verdicts[2])).toContain('Right: 6 is not on its scale');
    expect(outcome(verdicts[3])).toContain('criterion "Safe" is missing');
    expect(judge.criteria.map(({ name }) => name)).toEqual(['Right', 'Safe']);
  });

  it('neither sees the truth nor changes a task', async () => {
    const nosy = await judgeOf(`export default ([{ task }]) => {
      const { truth } = task; task.metadata.words = 9; return [{ score: 0, reason: String(truth) }]; };`);
    const secret = { ...task, metadata: { words: 2 }, truth: 'secret' };
    const [judgement] = await nosy.judge([{ id: 'r', task: secret, response: 'x' }]);
    expect(judgement!.verdicts[0]).toMatchObject({ rationale: { reason: 'undefined' } });
    expect(secret.metadata).toEqual({ words: 2 });
  });

  it('keeps of a reason without end what a report can show', async () => {
    const judge = await judgeOf(`export default () => [{ score: 1, reason: 'so '.repeat(1e6) }];`);
    const [judgement] = await judge.judge(groupOf('x'));
    expect(judgement!.answer).toEqual({ status: 'scored', score: 1 });
    expect(JSON.stringify(judgement).length).toBeLessThan(50_000);
  });

  it.each([
    ['[NaN]', 'got "NaN"'],
    ['[Infinity]', 'got "Infinity"'],
    ['[1.01]', 'score: expected a number from 0 to 1, got 1.01'],
    ['[-0.01]', 'score: expected a number from 0 to 1, got -0.01'],
    ['[{ score: "1" }]', 'got "1"'],
    ['[{}]', 'score: expected a number from 0 to 1, got nothing'],
    ['[undefined]', 'got null'],
    ['[true]', 'expected a number or an object, got true'],
    ['[{ score: 10n }]', 'got "10"'],
    ['[{ score: 1, scores: 0 }]', 'unknown key "scores"'],
    ['[{ score: 1, reason: 3 }]', 'evidence and reason must be strings'],
    ['[{ score: 1, usage: { money: -1 } }]', 'usage.money: expected 0 or more, got -1'],
    ['[{ score: 1, usage: { dollars: 1 } }]', 'usage: unknown key "dollars"'],
    ['[{ get score() { throw new Error("trap"); } }]', 'gave "no JSON: trap"'],
    ['(() => { const a = []; a.push(a); return a; })()', 'gave "no JSON:'],
    ['[]', 'gave [], expected a list of 1'],
    ['[1, 1]', 'expected a list of 1'],
    ['1', 'gave 1, expected a list of 1'],
    ['undefined', 'gave null, expected a list'],
  ])('abstains where the module gives %s, and shows what came', async (given, detail) => {
    const [judgement] = await (await judgeOf(`export default async () => ${given};`)).judge(groupOf('x'));
    expect(judgement!.answer).toMatchObject({ status: 'abstained', reason: 'unparseable' });
    expect(outcome(judgement!.verdicts[0])).toContain(detail);
    expect(judgement!.verdicts[0]!.raw).not.toBe('');
  });

  it.each([
    ['() => { throw new Error("no luck"); }', 'transport', 'threw: no luck'],
    ['async () => { throw "no luck"; }', 'transport', 'threw: no luck'],
    ['() => { throw Object.create(null); }', 'transport', 'threw: something that is no error'],
    [
      '() => { throw Object.assign(new Error("slow down"), { reason: "rate-limit" }); }',
      'rate-limit',
      'slow',
    ],
    ['() => [{ abstained: "it is Greek to me" }]', 'refusal', 'it is Greek to me'],
    ['() => new Promise(() => {})', 'timeout', 'took longer than 0.05 seconds'],
    [
      '(_, { signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason)))',
      'timeout',
      'took longer',
    ],
  ])('abstains, and does not throw, where the module is %s', async (source, reason, detail) => {
    const judge = await judgeOf(`export default ${source};`, { timeout_seconds: 0.05 });
    const [judgement] = await judge.judge(groupOf('x'));
    expect(judgement!.answer).toMatchObject({ status: 'abstained', reason });
    expect(outcome(judgement!.verdicts[0])).toContain(detail);
  });

  it('ends when it is told to, and asks no more', async () => {
    const judge = await judgeOf('export default () => new Promise(() => {});');
    const controller = new AbortController();
    const judging = judge.judge(groupOf('x', 'y'), { signal: controller.signal });
    controller.abort();
    const late = await judge.judge(groupOf('z'), { signal: controller.signal });
    for (const { answer } of [...(await judging), ...late])
      expect(answer).toMatchObject({ status: 'abstained', reason: 'timeout' });
  });

  it('is another judge when its module or its settings are, and the same one under another name', async () => {
    const source = 'export default () => [1];';
    const prints = await Promise.all([
      judgeOf(source),
      judgeOf(`${source} `),
      judgeOf(source, { compares: true }),
      judgeOf(source, { criteria: [{ name: 'A', question: '?' }] }),
    ]);
    expect(new Set(prints.map(({ fingerprint }) => fingerprint)).size).toBe(4);
    expect((await judgeOf(source, { timeout_seconds: 5 })).fingerprint).toBe(prints[0]!.fingerprint);
  });

  it('is another judge when what its module imports is', async () => {
    const source = 'import { good } from "./helper.mjs"; export default () => [good];';
    const printWith = async (helper: string): Promise<string> => {
      writeFileSync(join(folder, 'helper.mjs'), helper);
      return (await judgeOf(source)).fingerprint;
    };
    expect(await printWith('export const good = 1;')).not.toBe(await printWith('export const good = 0;'));
  });

  it('is refused when it cannot be loaded, before anything is asked', async () => {
    for (const text of ['export default (', 'import "./missing.mjs";', 'export const judge = 1;'])
      await expect(judgeOf(text)).rejects.toThrow(InputError);
    writeFileSync(join(outer, 'outside.mjs'), 'export default () => [1];');
    const outside = judgeSchema.parse({ kind: 'code', module: '../outside.mjs' });
    const open = () => Promise.reject(new Error('it asks no model'));
    await expect(openJudge(outside, { seed: 1, baseDir: folder, open })).rejects.toThrow('folder');
  });

  it('may be TypeScript, and a member of a panel', async () => {
    writeFileSync(join(folder, 'typed.ts'), 'export default (): number[] => [1];');
    writeFileSync(join(folder, 'low.mjs'), 'export default () => [0.5];');
    const config = judgeSchema.parse({
      kind: 'panel',
      members: { a: { kind: 'code', module: 'typed.ts' }, b: { kind: 'code', module: 'low.mjs' } },
    });
    expect(filesOfJudge(config)).toEqual([
      { path: ['members', 'a', 'module'], name: 'typed.ts', isModule: true },
      { path: ['members', 'b', 'module'], name: 'low.mjs', isModule: true },
    ]);
    expect(criteriaOf(config)).toEqual([]);
    const judge = await openJudge(config, {
      seed: 1,
      baseDir: folder,
      moduleUrl: (path) =>
        Promise.resolve(path.endsWith('.ts') ? 'data:text/javascript,export default () => [1];' : path),
      open: () => Promise.reject(new Error('it asks no model')),
    });
    const [judgement] = await judge.judge(groupOf('x'));
    expect(judgement!.answer).toEqual({ status: 'scored', score: 0.75 });
  });
});
